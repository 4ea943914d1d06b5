import type { RuleSpec } from '../rule/rule-spec.ts';
import type { TagsSpec } from '../tag/tags-spec.ts';
import type { Trigger } from '../trigger/trigger.ts';

/** What the user wants: `Image.spec`. */
export interface ImageSpec {
  readonly image: string;
  readonly baseTag: string;
  readonly imagePullSecrets: readonly string[];
  readonly insecureSkipTLSVerify: boolean;
  readonly triggers: readonly Trigger[];
  readonly rules: readonly RuleSpec[];
  readonly tags?: TagsSpec;
  /** Whether pods get `tag@digest`, whatever the rule. */
  readonly pinDigest?: boolean;
}
