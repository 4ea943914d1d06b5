import type { ImageSpec } from '../../domain/image/image.ts';
import { buildRules } from '../../domain/rule/build-rule.ts';
import type { Rule } from '../../domain/rule/rule.ts';
import { buildTagFilter, type TagFilter } from '../../domain/tag/tag-filter.ts';

/** What an Image's spec asks of tags, checked, its patterns compiled. */
export interface Built {
  readonly rules: readonly Rule[];
  readonly filter: TagFilter;
}

/** Thousands of Images have a few specs between them. */
const KEPT = 1_024;

/** Builds what each spec asks for once, for all Images that ask for the same. */
export class BuiltRules {
  /** By the spec's text, the one that was used last at the end. */
  readonly #built = new Map<string, Built>();

  /** @throws InvalidRuleError */
  of({ rules, tags }: Pick<ImageSpec, 'rules' | 'tags'>): Built {
    const text = JSON.stringify([rules, tags]);
    const built = this.#built.get(text) ?? { rules: buildRules(rules), filter: buildTagFilter(tags) };
    this.#built.delete(text);
    this.#built.set(text, built);
    for (const oldest of this.#built.keys()) {
      if (this.#built.size <= KEPT) break;
      this.#built.delete(oldest);
    }
    return built;
  }
}
