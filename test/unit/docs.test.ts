// The documentation says what is so: what commands print, what it links to, the files that it names, the tables of the reference.
// After a change of what kimup prints: npx vitest run --project unit test/unit/docs.test.ts -u, and read the difference.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PrometheusMetrics } from '../../src/adapters/metrics/prometheus-metrics.ts';
import { REFRESH_RESULTS } from '../../src/domain/image/image-status.ts';
import { ACTION_TYPES } from '../../src/domain/action/action.ts';
import { TRIGGER_TYPES } from '../../src/domain/trigger/trigger.ts';
import { RULE_TYPES } from '../../src/domain/rule/rule-spec.ts';
import { PLAN } from '../../src/entrypoints/cli/plan/arguments.ts';
import { CONTROLLER, CONTROLLER_FLAGS, OPERATOR, OPERATOR_FLAGS } from '../../src/entrypoints/command-line/flags.ts';
import type { Flag } from '../../src/entrypoints/command-line/command-line.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
].toSorted();

function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/** A command that is run here; one that names a variable is about a registry of the reader's. */
const COMMAND = '$ npm run -s kimup -- ';
const isPlayed = (line: string): boolean => line.startsWith(COMMAND) && !line.includes('$', 1);
const BLOCK = /^```(\w+)(?: (\S+))?\n(.*?)^```$/gms;

/** The page with what its commands print now. Its blocks with a file's name behind the language are the files that they read. */
function played(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'kimup-docs-'));
  try {
    return text.replaceAll(BLOCK, (block, language: string, name: string | undefined, body: string) => {
      if (name !== undefined) writeFileSync(join(folder, name), body);
      const [command = ''] = body.split('\n', 1);
      return language === 'console' && isPlayed(command)
        ? `\`\`\`console\n${command}\n${printed(command, folder)}\`\`\``
        : block;
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function printed(command: string, cwd: string): string {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts', 'kimup.mjs'), ...command.slice(COMMAND.length).split(' ')],
    {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', DOCKER_CONFIG: join(cwd, 'none') },
    },
  );
  expect({ command, stderr, status }).toEqual({ command, stderr: '', status: 0 });
  return stdout;
}

/** As GitHub makes them from headings. */
function anchors(page: string): string[] {
  return [
    ...read(page)
      .replaceAll(BLOCK, '')
      .matchAll(/^#+ (.*)$/gm),
  ].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe.each(PAGES)('%s', (page) => {
  it('links to what is there', () => {
    const broken = [
      ...read(page)
        .replaceAll(BLOCK, '')
        .matchAll(/\]\(([^)\s]+)\)/g),
    ]
      .map(([, link = '']) => link)
      .filter((link) => {
        if (/^[a-z]+:/.test(link)) return false;
        const [path = '', anchor] = link.split('#');
        const target = path === '' ? page : relative(ROOT, resolve(ROOT, dirname(page), path));
        return !existsSync(join(ROOT, target)) || (anchor !== undefined && !anchors(target).includes(anchor));
      });
    expect(broken).toEqual([]);
  });

  it('names files that are there', () => {
    const named = [...read(page).matchAll(/`((?:src|test|tools|bench|scripts|deploy|crds|docs)\/[\w./-]*)`/g)].map(
      ([, path = '']) => path,
    );
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });
});

it.each(PAGES.filter((page) => read(page).split('\n').some(isPlayed)))(
  '%s shows what its commands print',
  async (page) => {
    await expect(played(read(page))).toMatchFileSnapshot(join(ROOT, page));
  },
);

describe('docs/reference', () => {
  it('has every field of an Image', () => {
    const page = read('docs/reference/image.md');
    const crd = parse(read('crds/kimup.cloudavenue.io_images.yaml')) as {
      spec: { versions: [{ schema: { openAPIV3Schema: Schema } }] };
    };
    const { spec, status } = crd.spec.versions[0].schema.openAPIV3Schema.properties!;
    // Of what is deeper in an action's data or in the status, the names stand in the row of their field.
    const wanted = [...fieldsOf('spec', spec!, 3), ...fieldsOf('status', status!, 1)];
    expect(wanted.filter((field) => !page.includes(`\`${field}`))).toEqual([]);
    const types = [...RULE_TYPES, ...ACTION_TYPES, ...TRIGGER_TYPES];
    expect(types.filter((type) => !page.includes(`\`${type}\``))).toEqual([]);
  });

  it('has every flag with its default', () => {
    const rows = read('docs/reference/flags.md');
    for (const [name, flag] of Object.entries({ ...CONTROLLER_FLAGS, ...OPERATOR_FLAGS })) {
      expect(rows).toContain(`| \`--${name}\` | ${flag.default === '' ? '' : `\`${flag.default}\` `}|`);
    }
  });

  it('has no flag that there is not, each under its component, and the variables that count', () => {
    const [, both = '', controller = '', operator = '', environment = ''] =
      read('docs/reference/flags.md').split('\n## ');
    const named = (section: string): string[] =>
      [...section.matchAll(/^\| `--([\w-]+)` /gm)].map(([, name = '']) => name);
    expect([...named(both), ...named(controller)]).toEqual(Object.keys(CONTROLLER_FLAGS));
    expect([...named(both), ...named(operator)]).toEqual(Object.keys(OPERATOR_FLAGS));
    const variables = [CONTROLLER, OPERATOR, PLAN].flatMap((line) => [
      ...line.environment,
      ...Object.values<Flag<unknown>>(line.flags).flatMap((flag) =>
        flag.environment === undefined ? [] : [{ name: flag.environment }],
      ),
    ]);
    expect(variables.filter(({ name }) => !environment.includes(`\`${name}\``))).toEqual([]);
  });

  it('has every metric', async () => {
    const { text } = await new PrometheusMetrics('kimup-controller', '1.0.0').expose();
    const page = read('docs/reference/metrics.md');
    const names = [...text.matchAll(/^# TYPE (kimup_\w+)/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it('has every result of a refresh', () => {
    const page = read('docs/reference/results.md');
    expect(REFRESH_RESULTS.filter((result) => !page.includes(`\`${result}\``))).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** `spec.rules[].name` and the like, `depth` names deep. */
function fieldsOf(path: string, schema: Schema, depth: number): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const here = `${path}.${name}${field.items === undefined ? '' : '[]'}`;
    const deeper = depth === 1 ? [] : fieldsOf(here, field.items ?? field, depth - 1);
    return deeper.length > 0 && field.items !== undefined ? deeper : [here, ...deeper];
  });
}
