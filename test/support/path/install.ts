// Installs kimup on a local cluster: on real nodes as pods from the plain manifests, on kwok nodes as two processes
// with the tokens of the same ServiceAccounts.
import { join } from 'node:path';
import type { Cluster } from '../../../tools/cluster/cluster.ts';
import type { Component } from '../../../tools/cluster/process/component.ts';
import { run } from '../../../tools/cluster/process/run.ts';
import type { InstallOptions } from './component-process.ts';
import type { ComponentName } from './components.ts';
import { installPods } from './install-pods.ts';
import { installProcesses } from './install-processes.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

/** kimup as it runs on a cluster. */
export interface Installation {
  /** The component's metrics, as Prometheus would scrape them. */
  metrics(component: ComponentName): Promise<string>;
  /** The end of the component's log. */
  log(component: ComponentName, lines?: number): Promise<string>;
  /** The component's process, to stop, freeze or start again; only where it is one. */
  process(component: ComponentName): Component;
  /** Waits until the component says that it is ready, after its process was started again; only where it is one. */
  ready(component: ComponentName, timeoutMs?: number): Promise<void>;
}

/** Compiles and bundles both components into dist/. */
export async function buildBundle(): Promise<void> {
  await run(['npm', 'run', '--silent', 'build'], { cwd: ROOT, timeoutMs: 180_000 });
}

/** Applies the CRDs, the namespace and the RBAC, as a user would. */
export async function applyGround({ kubectl }: Cluster): Promise<void> {
  await kubectl(['apply', '-f', join(ROOT, 'crds')]);
  await kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'], { timeoutMs: 70_000 });
  const deploy = join(ROOT, 'deploy');
  await kubectl(['apply', '-f', join(deploy, 'namespace.yaml'), '-f', join(deploy, 'rbac.yaml')]);
}

/** Installs kimup and waits until both components are ready. dist/ must be built. */
export async function install(cluster: Cluster, options: InstallOptions = {}): Promise<Installation> {
  await applyGround(cluster);
  return cluster.nodes === 'real' ? installPods(cluster, options) : installProcesses(cluster, options);
}
