// Each port has one contract, and whatever implements a port is run through it: adapters, fakes and all.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const PORTS = 'src/application/ports/';

/** Texts by their paths from the root. */
type Sources = ReadonlyMap<string, string>;

const CLASS = /^(?:export )?(abstract )?class (\w+)(?:<[^>]*>)? extends (\w+)/gm;
const RUN = /^\s*(\w+Contract)\(\s*'(\w+)/gm;

/** What is against the rule, a sentence each. */
function problems(sources: Sources): readonly string[] {
  const runs = runsIn(sources);
  return [
    ...[...portsIn(sources)].flatMap(([port, path]) => {
      const file = path.replace(PORTS, 'test/contracts/').replace(/\.ts$/, '.contract.ts');
      return sources.get(file)?.includes(`export function ${contractOf(port)}(`) === true
        ? []
        : [`${port} has no contract: write ${contractOf(port)} in ${file}`];
    }),
    ...implementationsIn(sources).flatMap(({ name, path, port }) =>
      runs.has(`${contractOf(port)} ${name}`)
        ? []
        : [`${name} (${path}) is not run through its contract: call ${contractOf(port)}('${name}', …) in a test`],
    ),
  ];
}

/** The files of the ports, by the ports' names. */
function portsIn(sources: Sources): ReadonlyMap<string, string> {
  return new Map(
    [...sources]
      .filter(([path]) => path.startsWith(PORTS))
      .flatMap(([path, text]) =>
        [...text.matchAll(/^export abstract class (\w+)/gm)].map(([, port = '']) => [port, path] as const),
      ),
  );
}

/** Every class that can be made and extends a port, be it over others; not what a test varies for itself. */
function implementationsIn(sources: Sources): readonly { name: string; path: string; port: string }[] {
  const ports = portsIn(sources);
  const classes = [...sources].flatMap(([path, text]) =>
    isTest(path)
      ? []
      : [...text.matchAll(CLASS)].map(([, isAbstract, name = '', parent = '']) => ({ path, isAbstract, name, parent })),
  );
  const parents = new Map(classes.map(({ name, parent }) => [name, parent]));
  const portOf = (name: string): string | undefined => {
    const parent = parents.get(name);
    return parent === undefined || ports.has(parent) ? parent : portOf(parent);
  };
  return classes.flatMap(({ path, isAbstract, name }) => {
    const port = portOf(name);
    return isAbstract !== undefined || port === undefined ? [] : [{ name, path, port }];
  });
}

/** What tests run through a contract, as `bellContract BrassBell`. */
function runsIn(sources: Sources): ReadonlySet<string> {
  return new Set(
    [...sources]
      .filter(([path]) => isTest(path))
      .flatMap(([, text]) => [...text.matchAll(RUN)].map(([, contract, name]) => `${contract} ${name}`)),
  );
}

function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** `tagRegistryContract` of `TagRegistry`. */
function contractOf(port: string): string {
  return `${port.charAt(0).toLowerCase()}${port.slice(1)}Contract`;
}

function sourcesOf(...folders: readonly string[]): Sources {
  const paths = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .map((path) => `${folder}/${path}`),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

describe('the contracts of the ports', () => {
  const port = [`${PORTS}bell.ts`, 'export abstract class Bell {}'] as const;
  const contract = ['test/contracts/bell.contract.ts', 'export function bellContract(name: string): void {}'] as const;
  const bell = ['src/adapters/bell/brass-bell.ts', 'export class BrassBell extends Bell {}'] as const;
  const test = ['src/adapters/bell/brass-bell.test.ts', "bellContract('BrassBell', () => new BrassBell());"] as const;

  it('are whole, and hold for whatever implements a port', () => {
    expect(problems(sourcesOf('src', 'test'))).toEqual([]);
  });

  it.each<[string, readonly (readonly [string, string])[], readonly unknown[]]>([
    ['nothing where all is there', [port, contract, bell, test], []],
    [
      'a port without a contract',
      [port],
      [expect.stringContaining('write bellContract in test/contracts/bell.contract.ts')],
    ],
    [
      'a contract of another name',
      [port, [contract[0], 'export function ringContract(']],
      [expect.stringContaining('Bell has no contract')],
    ],
    [
      'an adapter that is not run',
      [port, contract, bell],
      [expect.stringContaining('BrassBell (src/adapters/bell/brass-bell.ts)')],
    ],
    [
      "an adapter that is run through another port's",
      [port, contract, bell, [test[0], "clockContract('BrassBell'"]],
      [expect.stringContaining("bellContract('BrassBell', …)")],
    ],
    [
      'a fake that is not run',
      [port, contract, ['test/support/fakes/fake-bell.ts', 'class FakeBell extends Bell {']],
      [expect.stringContaining('FakeBell')],
    ],
    [
      'an adapter below one that is run',
      [port, contract, bell, test, ['src/adapters/bell/big-bell.ts', 'export class BigBell extends BrassBell {']],
      [expect.stringContaining('BigBell')],
    ],
    [
      'nothing of what only others extend',
      [port, contract, bell, test, ['src/application/a.ts', 'export abstract class AnyBell extends Bell {']],
      [],
    ],
    [
      'nothing of a variant that a test makes for itself',
      [port, contract, bell, test, ['src/a.test.ts', 'class SlowBell extends Bell {']],
      [],
    ],
    ['nothing of what is no port', [port, contract, ['src/domain/a.ts', 'export class BadError extends Error {']], []],
  ])('are watched over: %s', (_, sources, expected) => {
    expect(problems(new Map(sources))).toEqual(expected);
  });
});
