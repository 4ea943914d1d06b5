/** What `kimup plan` is asked for. */
export interface PlanArguments {
  /** In the order given; `-` is stdin. */
  readonly files: readonly string[];
  readonly tagsFile: string | undefined;
  readonly output: 'table' | 'json' | 'yaml';
  readonly explain: boolean;
  readonly plainHttpRegistries: readonly string[];
}

/** The command line can't be understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const HELP = `kimup plan shows what kimup would do to Images, and why, without a cluster.

usage: kimup plan -f FILE [-f FILE ...] [flags]

  -f, --filename FILE       a file with manifests, YAML or JSON, - for stdin; may be given again: Images, and workloads
                            (Deployments, CronJobs, Pods, ...) to show what becomes of their containers
      --tags-file FILE      take the tags from this file (- for stdin) instead of asking registries: a tag a line, for all
                            Images, or JSON or YAML that gives each spec.image its list of tags
  -o, --output FORMAT       table (the default), json or yaml
      --explain             also tell of every tag which rule takes it or not, and why
      --plain-http-registries HOST[,HOST...]
                            registries (host or host:port) that are asked over plain HTTP
  -h, --help                this

The current tag of an Image is its status.tag, else its spec.baseTag. Registries are asked with the credentials of
$DOCKER_CONFIG/config.json, else ~/.docker/config.json, through the proxy that HTTPS_PROXY and
HTTP_PROXY name; NO_PROXY names exceptions.

Exit status: 0; 1 when a registry could not be asked; 2 when the command line, a manifest or the tags can't be read.

Examples:
  kimup plan -f image.yaml                                 what would happen now
  kimup plan -f image.yaml --explain                       and why not another tag
  kimup plan -f image.yaml -f deployment.yaml              and what becomes of the workload's containers
  kubectl get images -A -o yaml | kimup plan -f - -o json  for all Images of a cluster, for machines
  kimup plan -f image.yaml --tags-file tags.txt            try rules on tags of your own
`;

/**
 * @param argv what follows `plan`
 * @throws UsageError
 */
export function readArguments(argv: readonly string[]): PlanArguments | 'help' {
  const files: string[] = [];
  let tagsFile: string | undefined;
  let output: PlanArguments['output'] = 'table';
  let explain = false;
  let plainHttpRegistries: readonly string[] = [];
  for (let at = 0; at < argv.length; at += 1) {
    const argument = argv[at]!;
    const [name, inline] = parts(argument);
    const value = (what: string): string => {
      const given = inline ?? argv[(at += 1)];
      if (given === undefined || given === '') throw new UsageError(`${name} needs ${what}`);
      return given;
    };
    switch (name) {
      case '-h':
      case '--help':
        return 'help';
      case '-f':
      case '--filename':
        files.push(value('a file, or - for stdin'));
        break;
      case '--tags-file':
        tagsFile = value('a file, or - for stdin');
        break;
      case '-o':
      case '--output':
        output = format(value('table, json or yaml'));
        break;
      case '--explain':
        if (inline !== undefined && inline !== 'true' && inline !== 'false')
          throw new UsageError(`--explain takes true or false, not ${JSON.stringify(inline)}`);
        explain = inline !== 'false';
        break;
      case '--plain-http-registries':
        plainHttpRegistries = value('a host')
          .split(',')
          .map((host) => host.trim())
          .filter((host) => host !== '');
        break;
      default:
        throw new UsageError(`${JSON.stringify(argument)} is no flag of kimup plan`);
    }
  }
  if (files.length === 0) throw new UsageError('which Images? Give their manifests with -f FILE, or -f - for stdin');
  if ([...files, tagsFile].filter((file) => file === '-').length > 1)
    throw new UsageError('stdin (-) can be read once only');
  return { files, tagsFile, output, explain, plainHttpRegistries };
}

const LONG = new Set(['filename', 'tags-file', 'output', 'explain', 'plain-http-registries', 'help']);

/** `--name=value` and `-fvalue` in two; a single dash will do for long names, as for kimup's other commands. */
function parts(argument: string): [name: string, value: string | undefined] {
  const [, dashes, name = '', value] = /^(--?)([a-z-]+)(?:=(.*))?$/s.exec(argument) ?? [];
  if (dashes === '--' || LONG.has(name)) return [`--${name}`, value];
  const short = /^(-[foh])=?(.+)?$/s.exec(argument);
  return short === null ? [argument, undefined] : [short[1]!, short[2]];
}

function format(text: string): PlanArguments['output'] {
  if (text === 'table' || text === 'json' || text === 'yaml') return text;
  throw new UsageError(`-o takes table, json or yaml, not ${JSON.stringify(text)}`);
}
