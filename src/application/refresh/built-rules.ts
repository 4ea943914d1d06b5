import { type Image, keyOf } from '../../domain/image/image.ts';
import { buildRules } from '../../domain/rule/build-rule.ts';
import type { Rule } from '../../domain/rule/rule.ts';
import { buildTagFilter, type TagFilter } from '../../domain/tag/tag-filter.ts';

/** What an Image's spec asks of tags, checked, its patterns compiled. */
export interface Built {
  readonly rules: readonly Rule[];
  readonly filter: TagFilter;
}

/** Builds the rules of each Image once for each of its specs. */
export class BuiltRules {
  readonly #built = new Map<string, Built & { readonly of: string }>();

  /** @throws InvalidRuleError */
  of(image: Image): Built {
    const of = `${image.uid} ${image.generation}`;
    const known = this.#built.get(keyOf(image));
    if (known?.of === of) return known;
    const built = { of, rules: buildRules(image.spec.rules), filter: buildTagFilter(image.spec.tags) };
    this.#built.set(keyOf(image), built);
    return built;
  }

  forget(key: string): void {
    this.#built.delete(key);
  }
}
