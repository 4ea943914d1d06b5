/** Nodes as the API server lists them. */
export interface NodeList {
  readonly items: readonly {
    readonly spec: { readonly taints?: readonly object[] };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Ready, and without the taint that keeps pods off a node until the node lifecycle controller has seen that. */
export function isUsable(node: NodeList['items'][number]): boolean {
  return (
    (node.spec.taints ?? []).length === 0 &&
    (node.status.conditions ?? []).some(({ type, status }) => type === 'Ready' && status === 'True')
  );
}
