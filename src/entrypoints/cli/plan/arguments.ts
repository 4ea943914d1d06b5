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
        'a file with manifests, YAML or JSON, - for stdin; may be given again: Images, and workloads (Deployments, CronJobs, Pods, ...) to show what becomes of their containers',
    },
    'tags-file': {
      kind: FILE,
      default: '',
      description:
        'take the tags from this file (- for stdin) instead of asking registries: a tag a line, for all Images, or JSON or YAML that gives each spec.image its list of tags',
    },
    output: { kind: OUTPUT, short: 'o', default: 'table', description: 'table, json or yaml' },
    explain: {
      kind: BOOLEAN,
      default: 'false',
      description: 'also tell of every tag which rule takes it or not, and why',
    },
    'plain-http-registries': {
      kind: { ...HOSTS, neverEmpty: true },
      default: '',
      description: 'registries (host or host:port, separated by commas) that are asked over plain HTTP',
    },
  },
  environment: [
    {
      name: 'DOCKER_CONFIG',
      description: 'the folder of the config.json with credentials for registries; else ~/.docker',
    },
    ...PROXY,
    { name: 'NO_COLOR', description: 'where it is not empty, the table has no colours' },
  ],
  more: `The current tag of an Image is its status.tag, else its spec.baseTag.

Exit status: 0; 1 when a registry could not be asked; 2 when the command line, a manifest or the tags can't be read.

Examples:
  kimup plan -f image.yaml                                 what would happen now
  kimup plan -f image.yaml --explain                       and why not another tag
  kimup plan -f image.yaml -f deployment.yaml              and what becomes of the workload's containers
  kubectl get images -A -o yaml | kimup plan -f - -o json  for all Images of a cluster, for machines
  kimup plan -f image.yaml --tags-file tags.txt            try rules on tags of your own
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
  if (files.length === 0)
    throw refusal(PLAN.program, 'which Images? Give their manifests with -f FILE, or -f - for stdin');
  if ([...files, tagsFile].filter((file) => file === '-').length > 1)
    throw refusal(PLAN.program, 'stdin (-) can be read once only');
  return { files, tagsFile, output, explain, plainHttpRegistries: given['plain-http-registries'] };
}
