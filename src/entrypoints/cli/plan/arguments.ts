import { type Kind, parseFlags, refusal, type CommandLine } from '../../command-line/command-line.ts';
import { BOOLEAN, FILE, FILES, HOSTS } from '../../command-line/flag-kinds.ts';
import { PROXY } from '../../command-line/flags.ts';

/** What `kimup plan` is asked for. */
export interface PlanArguments {
  /** In the order given; `-` is stdin. */
  readonly files: readonly string[];
  readonly tagsFile: string | undefined;
  readonly output: Output;
  readonly explain: boolean;
  readonly plainHttpRegistries: readonly string[];
}

type Output = 'table' | 'json' | 'yaml';

const OUTPUT: Kind<Output> = {
  value: 'FORMAT',
  needs: 'table, json or yaml',
  neverEmpty: true,
  parse(text) {
    if (text === 'table' || text === 'json' || text === 'yaml') return text;
    throw new RangeError(`-o takes table, json or yaml, not ${JSON.stringify(text)}`);
  },
};

/** The command line of `kimup plan`. */
export const PLAN = {
  program: 'kimup plan',
  usage: '-f FILE [-f FILE ...] [flags]',
  summary: 'kimup plan shows what kimup would do to Images, and why, without a cluster.',
  flags: {
    filename: {
      kind: FILES,
      short: 'f',
      default: '',
      description:
        'a file with manifests, YAML or JSON, - for stdin; may be given again: Images, and workloads (Deployments, CronJobs, Pods, ...) to show what happens to their containers',
    },
    'tags-file': {
      kind: FILE,
      default: '',
      description:
        'read the tags from this file (- for stdin), not from registries: one tag per line, for all Images, or JSON or YAML that maps each spec.image to a list of tags',
    },
    output: { kind: OUTPUT, short: 'o', default: 'table', description: 'table, json or yaml' },
    explain: {
      kind: BOOLEAN,
      default: 'false',
      description: 'also show for every tag which rules select it, and why or why not',
    },
    'plain-http-registries': {
      kind: { ...HOSTS, neverEmpty: true },
      default: '',
      description: 'registries (host or host:port, separated by commas) to query over plain HTTP',
    },
  },
  environment: [
    {
      name: 'DOCKER_CONFIG',
      description: 'the directory of the config.json with credentials for registries; by default ~/.docker',
    },
    ...PROXY,
    { name: 'NO_COLOR', description: 'if it is not empty, the table has no colours' },
  ],
  more: `The current tag of an Image is its status.tag or, if it has none, its spec.baseTag.

Exit status: 0 on success; 1 if a registry could not be queried; 2 if the command line, a manifest or the tags can't
be read.

Examples:
  kimup plan -f image.yaml                                 what would happen now
  kimup plan -f image.yaml --explain                       also why other tags were not selected
  kimup plan -f image.yaml -f deployment.yaml              also what happens to the workload's containers
  kubectl get images -A -o yaml | kimup plan -f - -o json  for all Images of a cluster, machine-readable
  kimup plan -f image.yaml --tags-file tags.txt            try rules on your own tags
`,
} satisfies CommandLine;

/**
 * @param argv what follows `plan`
 * @throws FlagError
 */
export function readArguments(argv: readonly string[]): PlanArguments | 'help' {
  const given = parseFlags(PLAN, argv);
  if (given === 'help') return 'help';
  const { filename: files, 'tags-file': tagsFile, output, explain } = given;
  if (files.length === 0) throw refusal(PLAN.program, 'no manifests given; pass them with -f FILE, or -f - for stdin');
  if ([...files, tagsFile].filter((file) => file === '-').length > 1)
    throw refusal(PLAN.program, 'stdin (-) can be used only once, for -f or for --tags-file');
  return { files, tagsFile, output, explain, plainHttpRegistries: given['plain-http-registries'] };
}
