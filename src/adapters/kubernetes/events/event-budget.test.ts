import { describe, expect, it } from 'vitest';
import { EventBudget } from './event-budget.ts';

const MINUTE = 60_000;

describe('EventBudget', () => {
  it('allows 25 at once, then one more every five minutes, each subject its own', () => {
    const budget = new EventBudget();
    const allowed = (now: number, tries: number): number =>
      Array.from({ length: tries }, () => budget.take('a', now)).filter(Boolean).length;
    expect(allowed(0, 40)).toBe(25);
    expect(budget.take('b', 0)).toBe(true);
    expect(allowed(4 * MINUTE, 3)).toBe(0);
    expect(allowed(5 * MINUTE, 3)).toBe(1);
    expect(allowed(16 * MINUTE, 9)).toBe(2);
    expect(allowed(16 * MINUTE + 125 * MINUTE, 99)).toBe(25);
  });

  it('takes no harm from a clock that is set back', () => {
    const budget = new EventBudget();
    for (let i = 0; i < 25; i++) budget.take('a', 1_000_000);
    expect(budget.take('a', 0)).toBe(false);
  });

  it('forgets the subject that was used longest ago, so that it does not grow without end', () => {
    const budget = new EventBudget();
    for (let i = 0; i < 25; i++) budget.take('first', 0);
    for (let i = 0; i < 4_096; i++) budget.take(`subject-${i}`, 0);
    expect(budget.take('first', 0)).toBe(true);
  });
});
