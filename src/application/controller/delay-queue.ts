/** A key, and when it is due: milliseconds since the epoch. */
export interface Due {
  readonly key: string;
  readonly at: number;
}

/** Keys and when they are due, the earliest at hand: a binary heap whose outdated entries are dropped when they come up. */
export class DelayQueue {
  private heap: Due[] = [];
  private readonly current = new Map<string, Due>();

  /** Makes `key` due at `at` (milliseconds since the epoch), unless it is due earlier. */
  add(key: string, at: number): void {
    const known = this.current.get(key);
    if (known !== undefined && known.at <= at) return;
    const due = { key, at };
    this.current.set(key, due);
    // An outdated entry stays in the heap until it comes up; a heap of mostly those is made anew.
    if (this.heap.length > 64 && this.heap.length > 2 * this.current.size) this.rebuild();
    else this.push(due);
  }

  /** Makes `key` due at `at`, also when it was due earlier; `undefined` takes it out. */
  set(key: string, at: number | undefined): void {
    this.delete(key);
    if (at !== undefined) this.add(key, at);
  }

  delete(key: string): void {
    this.current.delete(key);
  }

  clear(): void {
    this.heap = [];
    this.current.clear();
  }

  /** When the first one is due. */
  earliest(): number | undefined {
    for (let top = this.heap[0]; top !== undefined; top = this.heap[0]) {
      if (this.current.get(top.key) === top) return top.at;
      this.pop();
    }
    return undefined;
  }

  /** Takes out one key that is due at `now`, the earliest first. */
  take(now: number): Due | undefined {
    const at = this.earliest();
    if (at === undefined || at > now) return undefined;
    const due = this.pop()!;
    this.current.delete(due.key);
    return due;
  }

  private rebuild(): void {
    this.heap = [];
    for (const due of this.current.values()) this.push(due);
  }

  private push(due: Due): void {
    const heap = this.heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent]!.at <= due.at) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = due;
  }

  private pop(): Due | undefined {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
