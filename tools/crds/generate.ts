// Writes crds/ from the API classes. With --check it writes nothing, and ends with status 1 and a diff where crds/ differs.
// Runs from build/, as tsc emits it: the classes' types reach it by decorator metadata.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AlertConfig } from '../../src/adapters/kubernetes/api/alert-config.ts';
import { Image } from '../../src/adapters/kubernetes/api/image.ts';
import { Kimup } from '../../src/adapters/kubernetes/api/kimup.ts';
import { customResourceDefinition, fileName, toYaml } from './custom-resource-definition.ts';
import { difference } from './difference.ts';

const folder = join(process.cwd(), 'crds');
const wanted = new Map(
  [Image, AlertConfig, Kimup].map((target) => [fileName(target), toYaml(customResourceDefinition(target))]),
);

if (process.argv.includes('--check')) check();
else write();

function write(): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of wanted) writeFileSync(join(folder, name), text);
}

function check(): void {
  const found = new Map(files().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  const names = [...new Set([...wanted.keys(), ...found.keys()])].toSorted();
  const differing = names.filter((name) => wanted.get(name) !== found.get(name));
  for (const name of differing) {
    console.error(`crds/${name} does not match src/adapters/kubernetes/api; run npm run crds`);
    console.error(difference(found.get(name) ?? '', wanted.get(name) ?? ''));
  }
  process.exitCode = differing.length === 0 ? 0 : 1;
}

function files(): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
