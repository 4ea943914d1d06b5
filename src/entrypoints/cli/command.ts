/** What a command says, and how it ends. */
export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: 0 | 1 | 2;
}

/** What of its surroundings a command takes notice of. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: boolean;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readStdin(): Promise<string>;
}

/** A command of kimup. */
export interface CliCommand {
  readonly name: string;
  /** Its line in `kimup --help`. */
  readonly summary: string;
  /**
   * @param argv what follows its name
   * @throws FlagError for a wrong command line, InputError for what can't be read or used: both end with status 2
   */
  run(argv: readonly string[], surroundings: Surroundings): Promise<Outcome>;
}
