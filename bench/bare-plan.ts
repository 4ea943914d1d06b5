// The baseline of the bench plan: reads the same manifests and tags, and finds for each Image the highest version of its
// major, with the packages that people would take for it. Bundled like the command line. usage: node bare-plan.mjs MANIFESTS TAGS
import { readFileSync } from 'node:fs';
import semver from 'semver';
import { parse } from 'yaml';

interface Manifest {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly image: string; readonly baseTag: string };
}

const [manifests, tagsFile] = process.argv.slice(2) as [string, string];
const { items } = parse(readFileSync(manifests, 'utf8')) as { readonly items: readonly Manifest[] };
const tagsOf = JSON.parse(readFileSync(tagsFile, 'utf8')) as Record<string, readonly string[]>;
const moves = items.map(({ metadata: { name }, spec: { image, baseTag } }) => ({
  name,
  move: { tag: semver.maxSatisfying(tagsOf[image]!, `^${semver.clean(baseTag)!}`) },
}));
process.stdout.write(`${JSON.stringify(moves)}\n`);
