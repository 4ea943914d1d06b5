// What kwok does to nodes and pods, as its Stage objects: nodes become Ready, pods run at once, Jobs' pods complete.
import { stringify } from 'yaml';

/** Pods of these images never get ready: a RE2 pattern, searched in each container's image. */
export const defaultFailingImages = 'broken';

/** The configuration of kwok as YAML documents. `extra` are further Stage documents. */
export function stages(failingImages: string, extra: readonly string[] = []): string {
  const failing = `[.spec.containers[].image | test(${JSON.stringify(failingImages)})] | any`;
  const pending = [matches('.metadata.deletionTimestamp'), matches('.status.phase', 'In', 'Pending')];
  const running = [matches('.metadata.deletionTimestamp'), matches('.status.phase', 'In', 'Running')];
  return [
    stage(
      'node-ready',
      'Node',
      [matches('.status.conditions.[] | select( .type == "Ready" ) | .status', 'NotIn', 'True')],
      { statusTemplate: nodeReady },
    ),
    stage('pod-running', 'Pod', [...pending, matches(failing, 'In', 'false')], { statusTemplate: podStatus(true) }),
    stage('pod-failing', 'Pod', [...pending, matches(failing, 'In', 'true'), matches('.status.containerStatuses')], {
      statusTemplate: podStatus(false),
    }),
    // The controller manager takes Ready from the pods of a node that it has not heard of, and a kubelet that is back puts it again.
    stage(
      'pod-ready-again',
      'Pod',
      [...running, matches('.status.conditions.[] | select( .type == "Ready" ) | .status', 'In', 'False')],
      { statusTemplate: podReadyAgain },
    ),
    stage('pod-complete', 'Pod', [...running, matches('.metadata.ownerReferences.[].kind', 'In', 'Job')], {
      statusTemplate: podCompleted,
    }),
    stage('pod-delete', 'Pod', [matches('.metadata.deletionTimestamp', 'Exists')], { delete: true }),
    ...extra,
  ].join('---\n');
}

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

function matches(key: string, operator = 'DoesNotExist', ...values: string[]): Requirement {
  return values.length > 0 ? { key, operator, values } : { key, operator };
}

function stage(name: string, kind: 'Node' | 'Pod', matchExpressions: readonly Requirement[], next: object): string {
  return stringify({
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name },
    spec: { resourceRef: { apiGroup: 'v1', kind }, selector: { matchExpressions }, next },
  });
}

const nodeReady = `
conditions:
{{ range NodeConditions }}
- {type: {{ .type | Quote }}, status: {{ .status | Quote }}, reason: {{ .reason | Quote }}, message: {{ .message | Quote }}, lastHeartbeatTime: {{ Now | Quote }}, lastTransitionTime: {{ Now | Quote }}}
{{ end }}
addresses:
- {type: InternalIP, address: {{ NodeIP | Quote }}}
phase: Running
`;

function podStatus(running: boolean): string {
  const ready = running ? 'True' : 'False';
  const state = running
    ? '{running: {startedAt: {{ Now | Quote }}}}'
    : '{waiting: {reason: CrashLoopBackOff, message: made to fail by a stage of kwok}}';
  return `
conditions:
- {type: Initialized, status: "True", lastTransitionTime: {{ Now | Quote }}}
- {type: Ready, status: "${ready}", lastTransitionTime: {{ Now | Quote }}}
- {type: ContainersReady, status: "${ready}", lastTransitionTime: {{ Now | Quote }}}
{{ range .spec.readinessGates }}
- {type: {{ .conditionType | Quote }}, status: "${ready}", lastTransitionTime: {{ Now | Quote }}}
{{ end }}
initContainerStatuses:
{{ range .spec.initContainers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: true, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }}}}}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: ${running}, restartCount: ${running ? 0 : 3}, state: ${state}}
{{ end }}
podIP: {{ PodIPWith .spec.nodeName ( or .spec.hostNetwork false ) ( or .metadata.uid "" ) ( or .metadata.name "" ) ( or .metadata.namespace "" ) | Quote }}
${running ? 'phase: Running' : 'phase: Pending'}
startTime: {{ Now | Quote }}
`;
}

const podReadyAgain = `
conditions:
- {type: Ready, status: "True", lastTransitionTime: {{ Now | Quote }}}
`;

const podCompleted = `
containerStatuses:
{{ range .spec.containers }}
- {name: {{ .name | Quote }}, image: {{ .image | Quote }}, imageID: "", ready: false, restartCount: 0, state: {terminated: {exitCode: 0, reason: Completed, startedAt: {{ Now | Quote }}, finishedAt: {{ Now | Quote }}}}}
{{ end }}
phase: Succeeded
`;
