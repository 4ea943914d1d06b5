import { Command, CommanderError, Option } from 'commander';

/** What the value of a flag is. */
export interface Kind<T> {
  /** The word for it in the help; a kind without one is a boolean, which is true where no value is given. */
  readonly value?: string;
  /** What the error says that a flag without a value needs. */
  readonly needs: string;
  /** Whether an empty value is refused as a missing one. */
  readonly neverEmpty?: boolean;
  /**
   * @param flag as the user knows it, `--name`
   * @throws RangeError that says what is wrong with the text and what to write
   */
  parse(text: string, flag: string): T;
  /** Makes one value of a flag that is given again; without it the last one counts. */
  join?(before: T, now: T): T;
}

/** One flag, by its name in {@link Flags}. */
export interface Flag<T> {
  readonly kind: Kind<T>;
  /** As text; empty where there is none. */
  readonly default: string;
  readonly description: string;
  /** The one letter that does as well, `f` for `-f`. */
  readonly short?: string;
  /** The variable that counts where the flag is not given. */
  readonly environment?: string;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;
export type Values<F extends Flags> = { readonly [N in keyof F]: F[N]['kind'] extends Kind<infer T> ? T : never };

/** A variable of the environment that a program reads. */
export interface Variable {
  readonly name: string;
  readonly description: string;
}

/** All that there is to know of a command line: what is read, and what its help says, follow from it. */
export interface CommandLine {
  /** With its command: `kimup plan`. */
  readonly program: string;
  /** What stands behind the program. */
  readonly usage: string;
  readonly summary: string;
  readonly flags: Flags;
  readonly environment?: readonly Variable[];
  /** What the help says in the end. */
  readonly more?: string;
}

/** The command line can't be understood. The message names the flag, what is wrong and what to do. */
export class FlagError extends Error {
  override readonly name = 'FlagError';
}

/**
 * What is said of a wrong command line, always in the same form.
 * @param what is wrong
 * @param hint in parentheses, as commander has it
 */
export function refusal(program: string, what: string, hint = ''): FlagError {
  return new FlagError(`${program}: ${what}; see ${program} --help${hint === '' ? '' : ` ${hint}`}`);
}

/**
 * Reads a command line: `--name value`, `--name=value`, the same with one dash, and for booleans also `--name` alone.
 * @param argv without the program's name
 * @returns the values by flag, or `'help'` when help is asked for
 * @throws FlagError for an unknown flag, a missing or wrong value, or an argument that is no flag
 */
export function parseFlags<L extends CommandLine>(line: L, argv: readonly string[]): Values<L['flags']> | 'help' {
  const command = commandFor(line);
  const given = normalized(line.flags, argv);
  try {
    command.parse(
      given.map(({ argument }) => argument),
      { from: 'user' },
    );
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.helpDisplayed') return 'help';
    throw explained(error, line, command.args, given);
  }
  return Object.fromEntries(
    Object.keys(line.flags).map((name, at) => {
      const option = command.options[at]!;
      return [name, command.getOptionValue(option.attributeName()) as unknown];
    }),
  ) as Values<L['flags']>;
}

/** The text of `--help`, without the last newline. */
export function usage(line: CommandLine): string {
  const { environment = [], more } = line;
  const width = Math.max(...environment.map(({ name }) => name.length));
  const variables = environment.map(({ name, description }) => `  ${name.padEnd(width)}  ${description}`);
  return [
    commandFor(line).helpInformation(),
    ...(variables.length === 0 ? [] : [`Environment:\n${variables.join('\n')}\n`]),
    ...(more === undefined ? [] : [more]),
  ]
    .join('\n')
    .trimEnd();
}

/** A command of commander that neither prints nor ends the process, and whose help has the form of all of kimup's. */
export function quietCommand(program: string, summary: string): Command {
  return new Command(program)
    .description(summary)
    .optionsGroup('Flags:')
    .helpOption('-h, --help', 'show this help')
    .exitOverride()
    .configureOutput({
      writeOut: () => {},
      writeErr: () => {},
      getOutHelpWidth: () => (process.stdout.isTTY ? process.stdout.columns : 120),
    });
}

function commandFor({ program, usage, summary, flags }: CommandLine): Command {
  const command = quietCommand(program, summary).usage(usage);
  for (const [name, flag] of Object.entries(flags)) command.addOption(optionFor(name, flag, program));
  const terms = new Map(Object.entries(flags).map(([name, flag]) => [`--${name}`, term(name, flag)]));
  return command.configureHelp({
    optionTerm: ({ long, flags }) => terms.get(long ?? '') ?? flags,
    optionDescription: ({ description }) => description,
  });
}

/** As the help shows it: `-f, --filename FILE`, `--explain` of a boolean. */
function term(name: string, { kind, short, default: given }: Flag<unknown>): string {
  const value = kind.value === undefined ? (given === 'true' ? '[=false]' : '') : ` ${kind.value}`;
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${value}`;
}

function optionFor(name: string, flag: Flag<unknown>, program: string): Option {
  const { kind, default: given, description, short, environment } = flag;
  const notes = [
    ...(given === '' || (kind.value === undefined && given === 'false') ? [] : [`default: ${given}`]),
    ...(environment === undefined ? [] : [`variable: ${environment}`]),
  ];
  // Booleans have a value too by now: see normalized.
  return new Option(
    `${short === undefined ? '' : `-${short}, `}--${name} <value>`,
    notes.length === 0 ? description : `${description} (${notes.join(', ')})`,
  )
    .default(kind.parse(given, `--${name}`))
    .argParser<unknown>((text, before) => {
      if (text === '' && kind.neverEmpty) throw refusal(program, needs(name, flag));
      try {
        const now = kind.parse(text, `--${name}`);
        return kind.join === undefined ? now : kind.join(before, now);
      } catch (error) {
        const { message } = error as Error;
        const isNamed = message.startsWith(`-${short} `) || message.startsWith(`--${name} `);
        throw refusal(program, isNamed ? message : `--${name}: ${message}`);
      }
    });
}

function needs(name: string, { kind, short, description }: Flag<unknown>): string {
  return short === undefined ? `--${name} needs ${kind.needs}: ${description}` : `-${short} needs ${kind.needs}`;
}

interface Argument {
  readonly argument: string;
  /** By the user. */
  readonly typed: string;
}

/**
 * Each flag as `--name=value`, which is all that commander is left to understand: it knows no long name behind a single dash, and a
 * boolean with a value would take the next argument for it.
 */
function normalized(flags: Flags, argv: readonly string[]): readonly Argument[] {
  const found: Argument[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const typed = argv[at]!;
    const [name, value] = parts(flags, typed);
    const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
    const given = value ?? (flag?.kind.value === undefined ? 'true' : argv[(at += 1)]);
    if (flag === undefined) found.push({ argument: name === '' ? typed : `--${name}`, typed });
    else found.push({ argument: given === undefined ? `--${name}` : `--${name}=${given}`, typed });
  }
  return found;
}

/** `--name=value`, `-name=value` and `-fvalue` in two; the name is empty where it is no flag at all. */
function parts(flags: Flags, argument: string): readonly [name: string, value: string | undefined] {
  const [, dashes, name = '', value] = /^(--?)([a-z][a-z-]*)(?:=(.*))?$/s.exec(argument) ?? [];
  if (Object.hasOwn(flags, name)) return [name, value];
  if (argument === '-h' || name === 'help') return ['help', undefined];
  const [, letter, glued] = /^-([a-z])=?(.+)?$/s.exec(argument) ?? [];
  const [long] = Object.entries(flags).find(([, { short }]) => letter !== undefined && short === letter) ?? [];
  if (long !== undefined) return [long, glued];
  return [dashes === undefined ? '' : name, value];
}

/** What commander says, in our words. */
function explained(
  { code, message }: CommanderError,
  { program, flags }: CommandLine,
  operands: readonly string[],
  given: readonly Argument[],
): FlagError {
  const [said = '', hint] = message.split('\n');
  switch (code) {
    case 'commander.optionMissingArgument': {
      const name = given.at(-1)!.argument.slice('--'.length);
      return refusal(program, needs(name, flags[name]!));
    }
    case 'commander.unknownOption': {
      const { typed } = given.find(({ argument }) => said.endsWith(`'${argument}'`)) ?? given[0]!;
      return refusal(program, `${JSON.stringify(typed)} is not a flag of ${program}`, hint);
    }
    default:
      return refusal(program, `${JSON.stringify(operands[0] ?? said)} is not a flag of ${program}`);
  }
}
