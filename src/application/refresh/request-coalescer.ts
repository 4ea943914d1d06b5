import type { Clock } from '../ports/clock.ts';
import type { RegistryAccess } from '../ports/tag-registry.ts';

/** How many answers are kept at most, and how heavy they are together. */
export interface RequestCoalescerLimits<T> {
  readonly answers: number;
  readonly weight: number;
  readonly weightOf: (answer: T) => number;
  /** How long an answer is kept, 30 s without a word. */
  readonly keptMs?: number;
  /** Whether a failure is shared only with those who wait for it, and not kept. */
  readonly forgetFailures?: boolean;
}

interface Entry<T> {
  readonly name: string;
  /** As the asker gave it. Credentials are compared where they are: no key is made of them that could turn up elsewhere. */
  readonly access: RegistryAccess;
  readonly startedAt: number;
  readonly answer: Promise<T>;
  /** Undefined while the request is under way. */
  settledAt: number | undefined;
  weight: number;
}

const KEPT_MS = 30_000;
const SWEEP_MS = 30_000;

/** Answers to the same question under the same access, shared between those who ask at the same time. */
export class RequestCoalescer<T> {
  /** By name: one entry an access. */
  private readonly byName = new Map<string, Set<Entry<T>>>();
  /** The oldest first. */
  private readonly all = new Set<Entry<T>>();
  private weight = 0;
  private sweeping = false;

  constructor(
    private readonly clock: Clock,
    private readonly limits: RequestCoalescerLimits<T>,
  ) {}

  /** The answer to `name` under `access`, from a request that was started at or after `notBefore`; by `ask` if there is none. */
  get(name: string, access: RegistryAccess, notBefore: number, ask: () => Promise<T>): Promise<T> {
    this.dropOld();
    const present = this.find(name, access);
    if (present !== undefined && present.startedAt >= notBefore) return present.answer;
    if (present !== undefined) this.drop(present);

    const entry: Entry<T> = {
      name,
      access,
      startedAt: this.clock.now(),
      answer: ask(),
      settledAt: undefined,
      weight: 1,
    };
    this.keep(entry);
    entry.answer.then(
      (answer) => this.settled(entry, this.limits.weightOf(answer)),
      () => (this.limits.forgetFailures ? this.drop(entry) : this.settled(entry, 1)),
    );
    return entry.answer;
  }

  private find(name: string, access: RegistryAccess): Entry<T> | undefined {
    for (const entry of this.byName.get(name) ?? []) if (sameAccess(entry.access, access)) return entry;
    return undefined;
  }

  private keep(entry: Entry<T>): void {
    const named = this.byName.get(entry.name) ?? new Set();
    this.byName.set(entry.name, named.add(entry));
    this.all.add(entry);
    this.weight += entry.weight;
    this.dropSurplus();
  }

  private settled(entry: Entry<T>, weight: number): void {
    if (!this.all.has(entry)) return;
    // Too heavy to keep at all: the others need not make room for it.
    if (weight > this.limits.weight) return this.drop(entry);
    entry.settledAt = this.clock.now();
    this.weight += weight - entry.weight;
    entry.weight = weight;
    this.dropSurplus();
    this.sweepLater();
  }

  private drop(entry: Entry<T>): void {
    if (!this.all.delete(entry)) return;
    this.weight -= entry.weight;
    const named = this.byName.get(entry.name);
    named?.delete(entry);
    if (named?.size === 0) this.byName.delete(entry.name);
  }

  private dropSurplus(): void {
    for (const oldest of this.all) {
      if (this.all.size <= this.limits.answers && this.weight <= this.limits.weight) return;
      this.drop(oldest);
    }
  }

  private dropOld(): void {
    const old = this.clock.now() - (this.limits.keptMs ?? KEPT_MS);
    for (const entry of this.all) if (entry.settledAt !== undefined && entry.settledAt <= old) this.drop(entry);
  }

  /** What nobody asks for again must not stay either. */
  private sweepLater(): void {
    if (this.sweeping) return;
    this.sweeping = true;
    this.clock.after(SWEEP_MS, () => {
      this.sweeping = false;
      this.dropOld();
      if (this.all.size > 0) this.sweepLater();
    });
  }
}

function sameAccess(a: RegistryAccess, b: RegistryAccess): boolean {
  return (
    a.insecureSkipTLSVerify === b.insecureSkipTLSVerify &&
    a.credentials.length === b.credentials.length &&
    a.credentials.every((one, index) => {
      const other = b.credentials[index];
      return (
        one.username === other?.username && one.password === other.password && one.identityToken === other.identityToken
      );
    })
  );
}
