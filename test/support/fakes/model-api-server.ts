import type { ListAndWatch } from '../../../src/adapters/kubernetes/client/reflector.ts';
import { KubeError } from '../../../src/adapters/kubernetes/client/kube-error.ts';
import type { KubeObject } from '../../../src/adapters/kubernetes/client/resource.ts';
import type { Clock } from '../../../src/application/ports/clock.ts';

/** What goes wrong next, once: with the watch that is open (the first line), with the next list, or with the next watch. */
export type Fault =
  | 'cut'
  | 'end'
  | 'error'
  | 'expired'
  | 'silence'
  | 'duplicate'
  | 'echo'
  | 'bookmark'
  | 'throttle'
  | 'garbage'
  | 'list fails'
  | 'list hangs'
  | 'list is old'
  | 'watch is refused'
  | 'watch hangs';

export const FAULTS: readonly Fault[] = [
  'cut',
  'end',
  'error',
  'expired',
  'silence',
  'duplicate',
  'echo',
  'bookmark',
  'throttle',
  'garbage',
  'list fails',
  'list hangs',
  'list is old',
  'watch is refused',
  'watch hangs',
];

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
}

type Said =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubeObject }
  | Error
  | 'end';

/** Two old lists in a row at most: more of them are to be believed. */
const MOST_OLD_LISTS = 2;

/** Objects of one kind with their history, listed and watched as a KubeClient does it, with faults and in virtual time. */
export class ModelApiServer implements ListAndWatch {
  private readonly objects = new Map<string, KubeObject>();
  private readonly history: Change[] = [];
  /** What was there at each version that a list may be of. */
  private readonly snapshots: { readonly version: number; readonly items: readonly KubeObject[] }[] = [
    { version: 1, items: [] },
  ];
  private readonly clock: Clock;
  private version = 1;
  private compactedTo = 0;
  private uids = 0;
  private openWatch: Stream | undefined;
  private nextList: Fault | undefined;
  private nextWatch: Fault | undefined;
  private oldLists = 0;
  private readonly said: Said[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
  }

  get(key: string): KubeObject | undefined {
    return this.objects.get(key);
  }

  /** All objects, by their keys. */
  all(): ReadonlyMap<string, KubeObject> {
    return this.objects;
  }

  /** Makes the object, or changes it; returns it as it is then. */
  put(key: string): KubeObject {
    const [namespace = '', name = ''] = key.split('/');
    const known = this.objects.get(key);
    const object = {
      metadata: {
        namespace,
        name,
        uid: known?.metadata?.uid ?? `uid-${++this.uids}`,
        resourceVersion: String(++this.version),
      },
    };
    this.objects.set(key, object);
    this.tell({ version: this.version, type: known === undefined ? 'ADDED' : 'MODIFIED', object });
    return object;
  }

  delete(key: string): void {
    const known = this.objects.get(key);
    if (known === undefined) return;
    this.objects.delete(key);
    this.tell({
      version: ++this.version,
      type: 'DELETED',
      object: { metadata: { ...known.metadata, resourceVersion: String(this.version) } },
    });
  }

  /** Forgets the history: who is behind gets 410. */
  compact(): void {
    this.compactedTo = this.version;
  }

  fault(fault: Fault): void {
    if (fault.startsWith('list')) this.nextList = fault;
    else if (fault.startsWith('watch')) this.nextWatch = fault;
    else if (this.openWatch !== undefined) this.breakWatch(this.openWatch, fault);
  }

  /** What has not gone wrong yet does not. */
  heal(): void {
    this.nextList = this.nextWatch = undefined;
  }

  async listAll<T>(
    _resource: unknown,
    _where: unknown,
    signal?: AbortSignal,
    keep: (object: T) => T = (object) => object,
  ): Promise<{ items: T[]; resourceVersion: string }> {
    const fault = this.nextList;
    this.nextList = undefined;
    if (fault === 'list fails') throw new KubeError('list: no', 500, 'InternalError');
    if (fault === 'list hangs') await this.hang(signal, 15_000);
    let { version, items } = this.present();
    if (fault === 'list is old' && this.oldLists < MOST_OLD_LISTS) {
      this.oldLists++;
      ({ version, items } = this.snapshots.at(-3) ?? this.snapshots[0]!);
    } else this.oldLists = 0;
    return {
      items: items.toReversed().map((object) => keep(structuredClone(object) as T)),
      resourceVersion: String(version),
    };
  }

  async *watch<T>(
    _resource: unknown,
    { resourceVersion, signal, opened }: { resourceVersion: string; signal?: AbortSignal; opened?: () => void },
  ): AsyncGenerator<{ type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: T }> {
    const fault = this.nextWatch;
    this.nextWatch = undefined;
    if (fault === 'watch is refused') throw new KubeError('watch: slow down', 429, 'TooManyRequests', 1_000);
    if (fault === 'watch hangs') await this.hang(signal);
    if (Number(resourceVersion) < this.compactedTo) throw new KubeError('watch: too old', 410, 'Expired');
    const stream = new Stream(signal);
    this.openWatch = stream;
    opened?.();
    for (const change of this.history) if (change.version > Number(resourceVersion)) stream.say(change);
    try {
      for (;;) {
        const said = await stream.next();
        if (said === 'end') return;
        if (said instanceof Error) throw said;
        this.said.push(said);
        yield structuredClone(said) as { type: 'ADDED'; object: T };
      }
    } finally {
      if (this.openWatch === stream) this.openWatch = undefined;
    }
  }

  private present(): { version: number; items: readonly KubeObject[] } {
    return { version: this.version, items: [...this.objects.values()] };
  }

  private tell(change: Change): void {
    this.history.push(change);
    this.snapshots.push(this.present());
    this.openWatch?.say(change);
  }

  private breakWatch(stream: Stream, fault: Fault): void {
    switch (fault) {
      case 'cut':
        return stream.say(new KubeError('watch: connection reset', 0, 'NoAnswer'));
      case 'end':
        return stream.say('end');
      case 'error':
        return stream.say(new KubeError('watch: etcd leader changed', 500, 'InternalError'));
      case 'expired':
        return stream.say(new KubeError('watch: too old', 410, 'Expired'));
      case 'throttle':
        return stream.say(new KubeError('watch: slow down', 429, 'TooManyRequests', 2_000));
      case 'garbage':
        return stream.say(new KubeError('watch: a line is not JSON', 0, 'Unreadable'));
      case 'bookmark':
        return stream.say({ type: 'BOOKMARK', object: { metadata: { resourceVersion: String(this.version) } } });
      case 'duplicate':
        return this.said.slice(-1).forEach((said) => stream.say(said));
      case 'echo':
        return this.said.slice(-3).forEach((said) => stream.say(said));
      default:
        return stream.fallSilent();
    }
  }

  private async hang(signal: AbortSignal | undefined, atMostMs?: number): Promise<never> {
    const { promise, reject } = Promise.withResolvers<never>();
    const end = (): void => reject(new KubeError('no answer', 0, 'Timeout'));
    if (atMostMs !== undefined) this.clock.after(atMostMs, end);
    signal?.addEventListener('abort', end, { once: true });
    return promise;
  }
}

/** What one watch says, in order. */
class Stream {
  private readonly waiting: Said[] = [];
  private readonly signal: AbortSignal | undefined;
  private taker: PromiseWithResolvers<Said> | undefined;
  private silent = false;

  constructor(signal: AbortSignal | undefined) {
    this.signal = signal;
    signal?.addEventListener('abort', () => this.taker?.resolve(aborted()), { once: true });
  }

  say(said: Said): void {
    if (this.silent) return;
    if (this.taker === undefined) this.waiting.push(said);
    else {
      this.taker.resolve(said);
      this.taker = undefined;
    }
  }

  fallSilent(): void {
    this.silent = true;
  }

  async next(): Promise<Said> {
    if (this.signal?.aborted) return aborted();
    const said = this.waiting.shift();
    if (said !== undefined) return said;
    this.taker = Promise.withResolvers<Said>();
    return this.taker.promise;
  }
}

function aborted(): Error {
  return new KubeError('watch: aborted', 0, 'Aborted');
}
