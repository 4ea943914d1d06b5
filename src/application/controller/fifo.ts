/** First in, first out, in constant time. */
export class Fifo<T> {
  private items: T[] = [];
  private head = 0;

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    if (this.head === this.items.length) return undefined;
    const item = this.items[this.head++];
    // The front is cut off when it is the larger part, so that each item is moved once on average.
    if (this.head > 32 && this.head * 2 > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return item;
  }

  isEmpty(): boolean {
    return this.head === this.items.length;
  }

  clear(): void {
    this.items = [];
    this.head = 0;
  }
}
