/** Longer texts are seldom said twice. */
const MAX_LENGTH = 2_000;
/** How many are looked up in: twice as many, the older half of them only while it is asked for. */
const GENERATION = 4_096;

/** One object in memory for values that are said again and again: what is parsed from JSON is a new one each time. */
export class SharedValues {
  private young = new Map<string, unknown>();
  private old = new Map<string, unknown>();

  /** `value`, or one that is equal to it to the letter and was given before. Objects that are shared must not be changed. */
  share<T>(value: T): T {
    if (value === undefined || value === null || typeof value === 'number' || typeof value === 'boolean') return value;
    // JSON begins with a sign that no key of a text has in front of it.
    const key = typeof value === 'string' ? `=${value}` : JSON.stringify(value);
    if (key.length > MAX_LENGTH) return value;
    let known = this.young.get(key);
    if (known === undefined) {
      known = this.old.get(key) ?? value;
      if (this.young.size >= GENERATION) {
        this.old = this.young;
        this.young = new Map();
      }
      this.young.set(key, known);
    }
    return known as T;
  }

  /** Shares the texts of an object, in place, but for those of `unique`, which are no other's. */
  shareTexts<T extends object>(value: T, unique: ReadonlySet<string> = NONE): T {
    const fields = value as Record<string, unknown>;
    for (const [name, field] of Object.entries(fields)) {
      if (typeof field === 'string' && !unique.has(name)) fields[name] = this.share(field);
    }
    return value;
  }
}

const NONE: ReadonlySet<string> = new Set();
