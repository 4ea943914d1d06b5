import { describe, expect, it } from 'vitest';
import type { ActionType } from '../action/action.ts';
import type { RuleType } from '../rule/rule-spec.ts';
import { buildRules } from '../rule/rule-catalogue.ts';
import { answer, ruleOf } from '../../../test/support/domain/rules.ts';
import type { DecisionInput, RuleOutcome } from './decide.ts';

/** Rules as `type: action, action`. */
const rules = (...lines: string[]) =>
  buildRules(
    lines.map((line) => {
      const [type, actions] = line.split(': ') as [RuleType, string];
      return {
        name: type,
        type,
        ...(type === 'semver-range' ? { value: '*' } : {}),
        actions: actions.split(', ').map((action) => ({ type: action as ActionType })),
      };
    }),
  );

const TAGS = ['v1.9.0', 'v1.9.5', 'v1.10.0', 'v1.10.2', 'v2.0.0', 'latest'];
/** What a rule says, in one line. */
const said = ({ rule, tag, reason }: RuleOutcome): string => `${rule}: ${tag ?? '-'}: ${reason}`;
const ask = (input: Partial<DecisionInput> & Pick<DecisionInput, 'rules'>) =>
  answer({ currentTag: 'v1.9.0', tags: TAGS, withMisses: true, ...input });

describe('the decision', () => {
  it.each<[what: string, lines: string[], current: string, decision: string]>([
    ['moves by the one rule', ['semver-minor: apply'], 'v1.9.0', 'v1.10.2 by semver-minor, apply'],
    ['stays without a newer tag', ['semver-minor: apply'], 'v1.10.2', 'stay'],
    ['stays on what is no version', ['semver-minor: apply'], 'latest', 'stay'],
    ['stays without rules', [], 'v1.9.0', 'stay'],
    [
      'takes the first rule that moves, not the highest tag',
      ['semver-patch: apply', 'semver-major: apply'],
      'v1.9.0',
      'v1.9.5 by semver-patch, apply',
    ],
    [
      'asks the next rule where one finds nothing',
      ['semver-patch: apply', 'semver-major: apply'],
      'v1.10.2',
      'v2.0.0 by semver-major, apply',
    ],
    [
      'passes over a rule that only alerts',
      ['semver-major: alert-discord', 'semver-minor: apply'],
      'v1.9.0',
      'v1.10.2 by semver-minor, apply',
    ],
    [
      'asks for approval where the rule says so',
      ['semver-minor: request-approval', 'semver-patch: apply'],
      'v1.9.0',
      'v1.10.2 by semver-minor, request-approval',
    ],
    [
      'takes the first of two moving actions',
      ['semver-minor: request-approval, apply'],
      'v1.9.0',
      'v1.10.2 by semver-minor, request-approval',
    ],
    ['stays where rules only alert', ['semver-major: alert-discord'], 'v1.9.0', 'stay'],
  ])('%s', (_what, lines, currentTag, expected) => {
    const decision = ask({ rules: rules(...lines), currentTag });
    expect(decision.kind === 'move' ? `${decision.tag} by ${decision.rule}, ${decision.action}` : decision.kind).toBe(
      expected,
    );
  });

  it('says why it moves', () => {
    expect(ask({ rules: rules('semver-minor: apply') })).toEqual({
      kind: 'move',
      tag: 'v1.10.2',
      rule: 'semver-minor',
      action: 'apply',
      alerts: [],
      reason: 'v1.10.2 is the highest with major 1 and a minor above 9',
      outcomes: [
        {
          rule: 'semver-minor',
          type: 'semver-minor',
          tag: 'v1.10.2',
          reason: 'v1.10.2 is the highest with major 1 and a minor above 9',
        },
      ],
    });
  });

  it('says of each rule why it does not move', () => {
    const { kind, outcomes, alerts } = ask({
      rules: rules('semver-minor: apply', 'semver-major: alert-discord'),
      currentTag: 'v1.10.2',
    });
    expect(kind).toBe('stay');
    expect(outcomes.map(said)).toEqual([
      'semver-minor: -: no tag with major 1 and a minor above 10; 1 newer tag is from a different major (v2.0.0)',
      'semver-major: v2.0.0: v2.0.0 is the highest with a major above 1, but the rule does not have the action apply or request-approval',
    ]);
    expect(alerts).toEqual([{ rule: 'semver-major', tag: 'v2.0.0', actions: [{ type: 'alert-discord' }] }]);
  });

  it('asks of a tag that is numbered in another way whether it is meant, and takes it', () => {
    const remark =
      "its version numbering differs from that of the current tag; if that is not intended, exclude it with spec.tags.exclude, such as '^v\\d{4}\\.'";
    const { kind, outcomes } = ask({
      rules: rules('semver-major: apply', 'semver-range: apply', 'semver-major: alert-discord'),
      tags: [...TAGS, 'v2021.12.16'],
    });
    expect(kind).toBe('move');
    expect(outcomes.map(said)).toEqual([
      `semver-major: v2021.12.16: v2021.12.16 is the highest with a major above 1; ${remark}`,
      `semver-range: v2021.12.16: v2021.12.16 is the highest in * above v1.9.0; ${remark}`,
      `semver-major: v2021.12.16: v2021.12.16 is the highest with a major above 1, but the rule does not have the action apply or request-approval; ${remark}`,
    ]);
    expect(ask({ rules: rules('semver-major: apply'), tags: ['v2021.12.16'] })).toMatchObject({
      reason: `v2021.12.16 is the highest with a major above 1; ${remark}`,
    });
  });

  it('alerts by every rule that finds a tag, also after the one that moves', () => {
    const { kind, alerts } = ask({
      rules: rules(
        'semver-patch: alert-email, apply',
        'semver-minor: apply',
        'semver-major: alert-discord, alert-email',
      ),
    });
    expect(kind).toBe('move');
    expect(alerts).toEqual([
      { rule: 'semver-patch', tag: 'v1.9.5', actions: [{ type: 'alert-email' }] },
      { rule: 'semver-major', tag: 'v2.0.0', actions: [{ type: 'alert-discord' }, { type: 'alert-email' }] },
    ]);
  });

  it('holds while an update is under way, and alerts all the same', () => {
    expect(
      ask({
        rules: rules('semver-minor: apply', 'semver-major: alert-discord'),
        updating: { tag: 'v1.10.0', rule: 'Automatic' },
      }),
    ).toMatchObject({
      kind: 'hold',
      reason: 'the update to v1.10.0 (Automatic) is in progress; no other update starts until it has finished',
      alerts: [{ rule: 'semver-major', tag: 'v2.0.0', actions: [{ type: 'alert-discord' }] }],
    });
  });
});

describe('a tag whose rollout failed', () => {
  const rejected = { tag: 'v1.10.2', reason: 'crash loop' };

  it('is not taken again, nor the next best below it, and the reason says so', () => {
    const { kind, outcomes } = ask({ rules: rules('semver-minor: apply'), rejected });
    expect(kind).toBe('stay');
    expect(outcomes.map(said)).toEqual([
      'semver-minor: -: no tag with major 1 and a minor above 9; v1.10.2 is skipped until it points to a new digest, because its rollout failed (crash loop); 1 more does not meet the requirements' +
        '; 1 newer tag is from the same minor (v1.9.5); 1 newer tag is from a different major (v2.0.0)',
    ]);
  });

  it.each([
    ['v1.10.3', 'v1.10.3'],
    ['v1.11.0', 'v1.11.0'],
    ['v1.10.1', undefined],
    ['v1.10.2', undefined],
    ['v1.10.3-rc1', undefined],
    ['1.11.0', undefined],
  ])('gives way to a newer one: %s makes it %s', (pushed, expected) => {
    const decision = ask({ rules: rules('semver-minor: apply'), rejected, tags: [...TAGS, pushed] });
    expect(decision.kind === 'move' ? decision.tag : undefined).toBe(expected);
    if (decision.kind === 'move')
      expect(decision.reason).toBe(`${expected} is the highest with major 1 and a minor above 9`);
  });

  it('does not keep another variant back', () => {
    const decision = ask({
      rules: rules('semver-minor: apply'),
      rejected,
      currentTag: 'v1.9.0-slim',
      tags: [...TAGS, 'v1.10.0-slim'],
    });
    expect(decision).toMatchObject({ kind: 'move', tag: 'v1.10.0-slim' });
  });

  it.each([
    ['3.4.1-r26', '3.4.1-r26'],
    ['3.4.2-r1', '3.4.2-r1'],
    ['3.4.1-r24', undefined],
    ['3.4.0-r99', undefined],
    ['3.4.1-r9-slim', '3.4.1-r9-slim'],
  ])('gives way to a newer build of the same version by regex: %s makes it %s', (pushed, expected) => {
    const decision = ask({
      rules: [ruleOf('regex', '^3\\.4\\.\\d-r')],
      currentTag: '3.4.0-r9',
      tags: ['3.4.1-r25', '3.4.1-r24', pushed],
      rejected: { tag: '3.4.1-r25', reason: 'x' },
    });
    expect(decision.kind === 'move' ? decision.tag : undefined).toBe(expected);
  });

  it('that is no version is left out alone', () => {
    expect(ask({ rules: rules('semver-minor: apply'), rejected: { tag: 'latest', reason: 'x' } })).toMatchObject({
      kind: 'move',
      tag: 'v1.10.2',
    });
  });

  it('that has gone from the registry is not spoken of', () => {
    expect(ask({ rules: rules('semver-minor: apply'), rejected: { tag: 'v1.8.9', reason: 'x' } })).toMatchObject({
      reason: 'v1.10.2 is the highest with major 1 and a minor above 9',
    });
  });
});
