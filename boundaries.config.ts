// The layers' walls, for oxlint: `oxlint -c boundaries.config.ts` checks them alone, oxlint.config.ts takes them in.
// The other half is `tsc -b` (src/*/tsconfig.json), which also sees `import('x').T` and every global.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig, type OxlintOverride } from 'oxlint';

/** The layers from the inside out: each may import itself and those before it. */
const LAYERS = ['support', 'domain', 'application', 'adapters', 'modules', 'entrypoints'];

/** The rooms of the domain, and which others each may know: no two know each other, nor go round in a circle. */
const DOMAIN: Record<string, readonly string[]> = {
  reference: [],
  trigger: [],
  action: [],
  tag: [],
  rule: ['action', 'tag'],
  image: ['reference', 'trigger', 'action', 'tag', 'rule'],
  decision: ['action', 'tag', 'rule', 'image'],
  track: ['action', 'tag', 'rule', 'image'],
  assignment: ['reference', 'image', 'track'],
  admission: ['reference', 'image', 'track', 'assignment'],
  rollout: ['reference', 'image', 'track', 'assignment'],
};

/** Every room has its entry in {@link DOMAIN}, and no room comes back to itself through those that it knows. */
function checkRooms(): void {
  const domain = join(import.meta.dirname, 'src/domain');
  for (const { name } of readdirSync(domain, { withFileTypes: true }).filter((entry) => entry.isDirectory())) {
    if (DOMAIN[name] === undefined && readdirSync(join(domain, name)).length > 0)
      throw new Error(
        `src/domain/${name} has no entry in DOMAIN of boundaries.config.ts: say there what it may import`,
      );
  }
  const follow = (name: string, path: readonly string[]): void => {
    const walked = [...path, name];
    if (path.includes(name)) throw new Error(`DOMAIN of boundaries.config.ts has a circle: ${walked.join(' -> ')}`);
    for (const known of DOMAIN[name] ?? []) follow(known, walked);
  };
  for (const name of Object.keys(DOMAIN)) follow(name, []);
}
checkRooms();

/** Layers that may use these packages only. The others may use what package.json has. */
const PACKAGES: Record<string, string[]> = {
  support: [],
  domain: ['semver', 're2js'],
  application: ['@nestjs/common'],
};

/** What stands beside src/ and must not get into it. */
const NOT_SOURCE = ['test', 'tools', 'bench', 'scripts', 'build'];

const ADAPTERS = readdirSync(join(import.meta.dirname, 'src/adapters'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

/** What every adapter may know: the time, and what all that call out share. */
const SHARED_ADAPTERS = ['clock', 'net'];

function upTo(folders: string[], message: string): { regex: string; message: string } {
  return { regex: String.raw`^(\.\./)+(${folders.join('|')})(/|$)`, message };
}

/** A pattern for what is none of `names` and does not start with `.`: oxlint's patterns have no look-around. */
function otherThan(names: string[]): string {
  const firsts = [...new Set(names.map((name) => name.charAt(0)))].filter((first) => first !== '');
  const further = firsts
    .filter((first) => first !== '.')
    .map(
      (first) => `${first}${otherThan(names.filter((name) => name.startsWith(first)).map((name) => name.slice(1)))}`,
    );
  const here = firsts.length === 0 ? '.' : `[^${firsts.join('')}]`;
  return `(?:${[here, ...(names.includes('') || names.includes('.') ? [] : ['$']), ...further].join('|')})`;
}

/** No import of an outer layer, of what stands beside src/, or of another adapter than `inner`. */
function wall(layer: string, inner?: string): OxlintOverride {
  const forbidden = [...LAYERS.slice(LAYERS.indexOf(layer) + 1), ...NOT_SOURCE];
  const patterns: object[] = [upTo(forbidden, `src/${layer} may not know this folder (docs/architecture.md).`)];
  if (inner !== undefined) {
    patterns.push(
      upTo(
        ADAPTERS.filter((other) => other !== inner && !SHARED_ADAPTERS.includes(other)),
        'One adapter does not know another: go through a port.',
      ),
    );
  }
  const packages = PACKAGES[layer];
  if (packages !== undefined) {
    patterns.push({
      regex: `^${otherThan(['.', ...packages])}`,
      message: `src/${layer} uses no package but ${packages.join(', ')}.`,
    });
  }
  const paths =
    layer === 'application'
      ? [
          {
            name: '@nestjs/common',
            allowImportNames: ['Injectable'],
            message: 'A use case takes Injectable from Nest, nothing else.',
          },
        ]
      : [];
  return {
    files: [inner === undefined ? `src/${layer}/**/*.ts` : `src/${layer}/${inner}/**/*.ts`],
    excludeFiles: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns, paths }] } as NonNullable<OxlintOverride['rules']>,
  };
}

/** No import of a room of the domain that this one may not know. What it may know is the layer's wall besides. */
function room(name: string, known: readonly string[]): OxlintOverride {
  const others = Object.keys(DOMAIN).filter((other) => other !== name && !known.includes(other));
  const [layer] = (
    wall('domain').rules as { 'no-restricted-imports': [string, { patterns: object[]; paths: object[] }] }
  )['no-restricted-imports'].slice(1) as [{ patterns: object[]; paths: object[] }];
  const patterns = [
    ...layer.patterns,
    upTo(others, `src/domain/${name} may not know this room (DOMAIN in boundaries.config.ts).`),
  ];
  return {
    files: [`src/domain/${name}/**/*.ts`],
    excludeFiles: ['**/*.test.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns, paths: layer.paths }] } as NonNullable<
      OxlintOverride['rules']
    >,
  };
}

/** The walls, an override a layer, a room of the domain and an adapter. */
export const walls: OxlintOverride[] = [
  ...LAYERS.map((layer) => wall(layer)),
  ...Object.entries(DOMAIN).map(([name, known]) => room(name, known)),
  ...ADAPTERS.map((adapter) => wall('adapters', adapter)),
  {
    // No clock, no process, no network: what is no part of the language is a port's.
    files: ['src/support/**/*.ts', 'src/domain/**/*.ts', 'src/application/**/*.ts'],
    excludeFiles: ['**/*.test.ts'],
    env: { builtin: true },
    rules: {
      'no-undef': 'error',
      'no-restricted-globals': [
        'error',
        ...[
          'console',
          'process',
          'Buffer',
          'setTimeout',
          'setInterval',
          'setImmediate',
          'queueMicrotask',
          'fetch',
          'URL',
          'performance',
          'crypto',
        ].map((name) => ({ name, message: 'Go through a port.' })),
      ],
    },
  },
];

export default defineConfig({
  categories: { correctness: 'off' },
  ignorePatterns: ['node_modules', '/build', '/dist', '/coverage'],
  overrides: walls,
});
