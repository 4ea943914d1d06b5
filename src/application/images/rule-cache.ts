import { Injectable } from '@nestjs/common';
import type { ImageSpec } from '../../domain/image/image-spec.ts';
import { buildRule, buildSpec, type BuiltSpec } from '../../domain/rule/rule-catalogue.ts';
import { InvalidRuleError } from '../../domain/tag/invalid-rule-error.ts';
import type { Rule } from '../../domain/rule/rule.ts';
import { buildTagFilter } from '../../domain/tag/tag-filter.ts';
import { BoundedMap } from '../../support/bounded-map.ts';
import type { RuleSource } from '../../domain/track/track.ts';

/** Thousands of Images have a few specs between them. */
const KEPT = 1_024;

type Spec = Pick<ImageSpec, 'rules' | 'tags'>;

/** What a spec makes: all that it asks for, or what of it can be used, and why the rest can't. */
interface Built {
  readonly usable: BuiltSpec | undefined;
  readonly error?: InvalidRuleError;
}

/** Builds what each spec asks for once, for all Images that ask for the same. */
@Injectable()
export class RuleCache implements RuleSource {
  /** By the spec's text. */
  private readonly byText = new BoundedMap<string, Built>(KEPT);
  /** The same by the object itself, for who asks of one Image again and again. */
  private readonly bySpec = new WeakMap<Spec, Built>();

  /** @throws InvalidRuleError */
  of(spec: Spec): BuiltSpec {
    const { usable, error } = this.get(spec);
    if (usable === undefined || error !== undefined) throw error;
    return usable;
  }

  /** The rules that can be built, where others can't: a mistake in one must not make pods of the others go back. */
  find(spec: Spec): BuiltSpec | undefined {
    return this.get(spec).usable;
  }

  private get(spec: Spec): Built {
    const known = this.bySpec.get(spec);
    if (known !== undefined) return known;
    const text = JSON.stringify([spec.rules, spec.tags]);
    const built = this.byText.get(text) ?? build(spec);
    this.byText.set(text, built);
    this.bySpec.set(spec, built);
    return built;
  }
}

function build(spec: Spec): Built {
  const all = attempt(() => buildSpec(spec));
  if (!(all instanceof InvalidRuleError)) return { usable: all };
  const filter = attempt(() => buildTagFilter(spec.tags));
  if (filter instanceof InvalidRuleError) return { usable: undefined, error: all };
  const rules = spec.rules
    .map((rule, at) => attempt(() => buildRule(rule, at)))
    .filter((rule): rule is Rule => !(rule instanceof InvalidRuleError));
  return { usable: { rules, filter }, error: all };
}

function attempt<T>(work: () => T): T | InvalidRuleError {
  try {
    return work();
  } catch (error) {
    if (error instanceof InvalidRuleError) return error;
    throw error;
  }
}
