import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startCluster } from '../cluster.ts';
import { ensureParts } from './parts.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'kimup-parts-test-'));
  vi.stubEnv('KIMUP_CACHE', cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

describe('ensureParts', () => {
  it('builds a part once, says so, and then takes it from the cache', async () => {
    const lines: string[] = [];
    const { pause } = await ensureParts(['pause'], (line) => lines.push(line));
    expect(statSync(pause).mode & 0o111).not.toBe(0);
    expect(lines[0]).toMatch(/^building pause /);
    expect(lines.at(-1)).toMatch(/^built pause in \d+ s$/);
    lines.length = 0;
    expect(await ensureParts(['pause'], (line) => lines.push(line))).toEqual({ pause });
    expect(lines).toEqual([]);
  });

  it('builds once when two ask at once', async () => {
    const lines: string[] = [];
    const results = await Promise.all([1, 2].map(() => ensureParts(['pause'], (line) => lines.push(line))));
    expect(results[0]).toEqual(results[1]);
    expect(lines.filter((line) => line.startsWith('building'))).toHaveLength(1);
  });

  it('is not held up by what a killed build left: its lock and its half-built part', async () => {
    const { pause } = await ensureParts(['pause']);
    rmSync(pause);
    const abandoned = join(dirname(pause), '.build-999999999-1-xyz');
    mkdirSync(abandoned);
    mkdirSync(join(cache, 'locks'), { recursive: true });
    writeFileSync(join(cache, 'locks', 'part-pause'), '999999999 1');
    await ensureParts(['pause']);
    expect(readdirSync(dirname(pause))).toEqual(['pause']);
    expect(existsSync(join(cache, 'locks', 'part-pause'))).toBe(false);
  });

  it('names the ways to get a part that cannot be built', async () => {
    vi.stubEnv('PATH', cache);
    vi.stubEnv('KUBEBUILDER_ASSETS', '');
    const failure = ensureParts(['etcd']);
    await expect(failure).rejects.toThrow('etcd can\'t be built: there is no "go" on the PATH');
    await expect(failure).rejects.toThrow(
      /install Go 1\.26\.6 or newer[^]*KUBEBUILDER_ASSETS[^]*put the binaries there yourself: .*\/etcd[^]*KIMUP_CACHE/,
    );
  });

  it("shows the end of a build's output", async () => {
    writeFileSync(
      join(cache, 'go'),
      '#!/bin/sh\necho some progress; echo "no required module provides package" >&2; exit 1\n',
    );
    chmodSync(join(cache, 'go'), 0o755);
    vi.stubEnv('PATH', `${cache}:${process.env['PATH']}`);
    await expect(ensureParts(['kwok'])).rejects.toThrow('no required module provides package');
  });

  it('takes etcd, kube-apiserver and kubectl from KUBEBUILDER_ASSETS', async () => {
    for (const name of ['etcd', 'kubectl', 'pause']) {
      writeFileSync(join(cache, name), '#!/bin/sh\n');
      chmodSync(join(cache, name), 0o755);
    }
    vi.stubEnv('KUBEBUILDER_ASSETS', cache);
    const { etcd, kubectl, pause } = await ensureParts(['etcd', 'kubectl', 'pause']);
    expect([etcd, kubectl]).toEqual([join(cache, 'etcd'), join(cache, 'kubectl')]);
    expect(pause).not.toBe(join(cache, 'pause'));
  });
});

describe('startCluster', () => {
  it('says which part does not start, with the end of its log', async () => {
    const assets = mkdtempSync(join(tmpdir(), 'kimup-assets-'));
    writeFileSync(join(assets, 'etcd'), '#!/bin/sh\necho "the disk is made of cheese"; exit 3\n');
    chmodSync(join(assets, 'etcd'), 0o755);
    vi.stubEnv('KUBEBUILDER_ASSETS', assets);
    vi.stubEnv('KIMUP_CACHE', undefined); // the other parts are there
    await expect(startCluster({ nodes: 'kwok' })).rejects.toThrow(
      /etcd ended with status 3; its log ends with:\nthe disk is made of cheese/,
    );
    rmSync(assets, { recursive: true });
  });
});
