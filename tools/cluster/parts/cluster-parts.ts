// Which programs a cluster of each kind is made of.
import type { Part } from './groups.ts';

/** Paths of programs. */
export type PartPaths = Readonly<Partial<Record<Part, string>>>;

/** Of every cluster. */
const COMMON_PARTS = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
  'registry',
  'nsinit',
  'whoami',
] as const;

/** With kwok nodes. */
export const KWOK_PARTS = [...COMMON_PARTS, 'kwok'] as const;

/** With a real node. */
export const REAL_PARTS = [
  ...COMMON_PARTS,
  'kubelet',
  'kube-proxy',
  'containerd',
  'containerd-shim-runc-v2',
  'ctr',
  'bridge',
  'loopback',
  'host-local',
  'portmap',
  'pause',
] as const;
