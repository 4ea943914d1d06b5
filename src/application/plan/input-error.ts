/** Where something stands in a file: its line from 1, and the field that is at fault. */
export interface Place {
  readonly file: string;
  readonly line?: number | undefined;
  readonly field?: string | undefined;
}

/** Input can't be read. The message says in which file, line and field, what is wrong, and what to do: a line a problem. */
export class InputError extends Error {
  override readonly name = 'InputError';

  /** One problem at one place. */
  static at({ file, line, field }: Place, message: string): InputError {
    return new InputError(
      `${file}${line === undefined ? '' : `:${line}`}: ${field === undefined ? '' : `${field}: `}${message}`,
    );
  }
}
