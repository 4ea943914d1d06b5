/** When each key is due next; tells the earliest in constant time and takes changes in logarithmic time. */
export class DueTimes {
  /** A binary heap. An entry whose time is not the key's present one is stale and skipped when it comes up. */
  readonly #heap: Array<{ readonly at: number; readonly key: string }> = [];
  readonly #present = new Map<string, number>();

  get size(): number {
    return this.#present.size;
  }

  /** Sets or moves the time of `key`; `undefined` takes it away. */
  set(key: string, at: number | undefined): void {
    if (at === undefined) {
      this.#present.delete(key);
    } else if (this.#present.get(key) !== at) {
      this.#present.set(key, at);
      this.#push({ at, key });
    }
    if (this.#heap.length > 64 && this.#heap.length > 4 * this.#present.size) this.#rebuild();
  }

  /** The earliest time, or `undefined` when nothing is due ever. */
  earliest(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.at;
  }

  /** Takes out and returns every key whose time is `now` or before, the earliest first. */
  takeDue(now: number): Array<{ key: string; at: number }> {
    const due: Array<{ key: string; at: number }> = [];
    for (this.#dropStale(); this.#heap[0] !== undefined && this.#heap[0].at <= now; this.#dropStale()) {
      const first = this.#pop();
      this.#present.delete(first.key);
      due.push(first);
    }
    return due;
  }

  #dropStale(): void {
    while (this.#heap[0] !== undefined && this.#present.get(this.#heap[0].key) !== this.#heap[0].at) this.#pop();
  }

  #rebuild(): void {
    this.#heap.length = 0;
    for (const [key, at] of this.#present) this.#push({ at, key });
  }

  #push(entry: { at: number; key: string }): void {
    const heap = this.#heap;
    let i = heap.length;
    heap.push(entry);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.at <= entry.at) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = entry;
  }

  #pop(): { at: number; key: string } {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}
