import { Fifo } from './fifo.ts';

/** First in, first out within each group, and the groups in turns: one with thousands waiting holds up no other. Constant time. */
export class FairQueue<T> {
  /** In the order of their turns; none is empty. */
  private readonly groups = new Map<string, Fifo<T>>();

  push(group: string, item: T): void {
    let fifo = this.groups.get(group);
    if (fifo === undefined) this.groups.set(group, (fifo = new Fifo()));
    fifo.push(item);
  }

  /** The first of the group whose turn it is, for which `isWanted`; those before it for which not are dropped without costing the group its turn. */
  shift(isWanted: (item: T) => boolean): T | undefined {
    for (const [group, fifo] of this.groups) {
      this.groups.delete(group);
      for (let item = fifo.shift(); item !== undefined; item = fifo.shift()) {
        if (!isWanted(item)) continue;
        if (!fifo.isEmpty()) this.groups.set(group, fifo);
        return item;
      }
    }
    return undefined;
  }

  clear(): void {
    this.groups.clear();
  }
}
