import type { ImageSpec } from '../../domain/image/image.ts';
import { buildSpec, type BuiltSpec } from '../../domain/rule/build-rule.ts';
import { InvalidRuleError } from '../../domain/rule/rule.ts';
import type { RuleSource } from '../../domain/track/track.ts';

/** Thousands of Images have a few specs between them. */
const KEPT = 1_024;

type Spec = Pick<ImageSpec, 'rules' | 'tags'>;

/** Builds what each spec asks for once, for all Images that ask for the same. */
export class BuiltRules implements RuleSource {
  /** By the spec's text, the one that was used last at the end. */
  readonly #byText = new Map<string, BuiltSpec | InvalidRuleError>();
  /** The same by the object itself, for who asks of one Image again and again. */
  readonly #bySpec = new WeakMap<Spec, BuiltSpec | InvalidRuleError>();

  /** @throws InvalidRuleError */
  of(spec: Spec): BuiltSpec {
    const built = this.#get(spec);
    if (built instanceof InvalidRuleError) throw built;
    return built;
  }

  /** The same, `undefined` where it can't be built. */
  find(spec: Spec): BuiltSpec | undefined {
    const built = this.#get(spec);
    return built instanceof InvalidRuleError ? undefined : built;
  }

  #get(spec: Spec): BuiltSpec | InvalidRuleError {
    const known = this.#bySpec.get(spec);
    if (known !== undefined) return known;
    const text = JSON.stringify([spec.rules, spec.tags]);
    const built = this.#byText.get(text) ?? build(spec);
    this.#byText.delete(text);
    this.#byText.set(text, built);
    for (const oldest of this.#byText.keys()) {
      if (this.#byText.size <= KEPT) break;
      this.#byText.delete(oldest);
    }
    this.#bySpec.set(spec, built);
    return built;
  }
}

function build(spec: Spec): BuiltSpec | InvalidRuleError {
  try {
    return buildSpec(spec);
  } catch (error) {
    if (error instanceof InvalidRuleError) return error;
    throw error;
  }
}
