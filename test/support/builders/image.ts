import type { ImageSpec } from '../../../src/domain/image/image-spec.ts';
import type { ControllerStatus, ImageStatus } from '../../../src/domain/image/image-status.ts';
import type { Image } from '../../../src/domain/image/image.ts';
import type { RuleSpec } from '../../../src/domain/rule/rule-spec.ts';

/** The rule of most Images in tests. */
export const MINOR: RuleSpec = { name: 'minor', type: 'semver-minor', actions: [{ type: 'apply' }] };

/** What a test says of an Image; the rest is that of one that was just made, without triggers and rules. */
export interface GivenImage {
  readonly namespace?: string;
  readonly name?: string;
  readonly uid?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly deleting?: boolean;
  readonly spec?: Partial<ImageSpec>;
  readonly status?: Partial<ImageStatus>;
}

/** `default/demos`, unless `given` says otherwise. */
export function imageOf({
  namespace = 'default',
  name = 'demos',
  uid = `uid-${name}`,
  annotations = {},
  deleting = false,
  spec,
  status,
}: GivenImage = {}): Image {
  return {
    namespace,
    name,
    uid,
    resourceVersion: '1',
    generation: 1,
    annotations,
    deleting,
    spec: {
      image: 'registry.test/whoami',
      baseTag: 'latest',
      imagePullSecrets: [],
      insecureSkipTLSVerify: false,
      triggers: [],
      rules: [],
      ...spec,
    },
    status: { conditions: [], ...status },
  };
}

/** What the controller writes of `registry.test/whoami` at its base tag `v1.9.0`, but for what is given. */
export function controllerStatus(given: Partial<ControllerStatus> = {}): ControllerStatus {
  return {
    result: 'Success',
    time: '2026-11-22T10:00:00Z',
    image: 'registry.test/whoami',
    baseTag: 'v1.9.0',
    observedGeneration: 1,
    conditions: [],
    ...given,
  };
}
