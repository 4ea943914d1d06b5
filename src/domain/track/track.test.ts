import { describe, expect, it } from 'vitest';
import { tracked } from '../../../test/support/domain/rules.ts';
import { imageOf } from '../../../test/support/builders/image.ts';
import type { ImageSpec } from '../image/image-spec.ts';
import { BASE_TAG_RULE, type ImageStatus } from '../image/image-status.ts';
import type { RuleSpec, RuleType } from '../rule/rule-spec.ts';
import type { Place } from './track.ts';

/** `semver-minor`, `regex ^1`, or with an action that moves nothing: `semver-minor!`. */
function rules(text: string): RuleSpec[] {
  return text
    .split('; ')
    .filter((each) => each !== '')
    .map((each) => {
      const [type = '', ...value] = each.split(' ');
      return {
        name: each,
        type: type.replace('!', '') as RuleType,
        ...(value.length === 0 ? {} : { value: value.join(' ') }),
        actions: [type.endsWith('!') ? { type: 'alert-discord' } : { type: 'apply' }],
      };
    });
}

/** Tags that the Image was on, each with the baseTag that counted then: `1.8 1.9@1.6`. */
function was(text: string, baseTag: string): Pick<ImageStatus, 'origins'> {
  return {
    origins: text.split(' ').map((each) => ({ tag: each.split('@')[0]!, baseTag: each.split('@')[1] ?? baseTag })),
  };
}

const SINCE = '2026-01-01T00:00:00Z';

/** Where a container's tag is to the track of an Image. */
function place(
  given: { spec?: Partial<ImageSpec>; status?: Partial<ImageStatus>; rules?: string },
  own: string | undefined,
  target: string,
): Place {
  const spec = { baseTag: 'nowhere', rules: rules(given.rules ?? ''), ...given.spec };
  const image = imageOf({
    spec,
    status: { image: 'registry.test/whoami', baseTag: spec.baseTag, tag: target, conditions: [], ...given.status },
  });
  return tracked(image).track.place(own, target);
}

describe('what every Image puts its tag on', () => {
  it.each<[string, string | undefined, string, Place]>([
    ['no tag', undefined, '1.10', 'any'],
    ['latest', 'latest', '1.10', 'any'],
    ['latest under a word', 'latest', 'edge', 'any'],
    ['the tag itself', '1.10', '1.10', 'on'],
    ['a word under a version', 'stable', '1.10', 'any'],
    ['a version under a word', '1.9', 'stable', 'no-version'],
    ['a word under another word', 'stable', 'edge', 'series'],
    ['a version that no rule moves', '1.9', '1.10', 'out-of-reach'],
  ])('%s', (_, own, target, expected) => {
    expect(place({}, own, target)).toBe(expected);
  });
});

describe('where the Image itself has been', () => {
  const status = was('1.7 1.8 1.9', '1.6');

  it.each<[string, string, Place]>([
    ['its base tag gives way', '1.6', 'on'],
    ['a tag that it was moved from gives way', '1.8', 'on'],
    ['one that it never was on does not', '1.8.1', 'series'],
    ['nor one of the same kind', '1.2', 'out-of-reach'],
  ])('%s', (_, own, expected) => {
    expect(place({ spec: { baseTag: '1.6' }, status }, own, '2.0')).toBe(expected);
  });

  it('gives way also where it is above the target after a rollback', () => {
    expect(place({ spec: { baseTag: '1.6' }, status: was('1.7 1.9 2.0', '1.6') }, '2.0', '1.8')).toBe('on');
    expect(place({ rules: 'semver-major', spec: { baseTag: '1.6' }, status }, '2.1', '2.0')).toBe('above');
  });

  it('its tag gives way to what is rolled out', () => {
    const update = { tag: '1.10-bookworm', rule: 'a rule', since: SINCE };
    expect(place({ status: { tag: '1.9-alpine', update } }, '1.9-alpine', '1.10-bookworm')).toBe('on');
  });

  it.each<[string, string, string, Place]>([
    // from, to, and what becomes of a container on the first once spec.baseTag has moved the Image to the second
    ['a newer one', '14.9', '17.2', 'on'],
    ['an older one', '17.2', '14.9', 'above'],
    ['another variant', '1.9-alpine', '1.10-bookworm', 'variant'],
    ['another count of numbers', '1.9', '1.10.2', 'series'],
    ['a word for a word', 'jammy', 'noble', 'on'],
    ['a word for a version', 'stable', '1.10', 'any'],
    ['a version for a word', '1.10', 'stable', 'no-version'],
  ])('a changed baseTag: %s', (_, from, to, expected) => {
    const update = { tag: to, rule: BASE_TAG_RULE, since: SINCE };
    expect(place({ spec: { baseTag: to }, status: { tag: from, update } }, from, to)).toBe(expected);
    expect(place({ spec: { baseTag: to }, status: { tag: to, ...was(from, from) } }, from, to)).toBe(expected);
  });

  it('before a changed baseTag gives way where its tag allows that: what stood in manifests is not forgotten', () => {
    const update = { tag: '17.0', rule: BASE_TAG_RULE, since: SINCE };
    const during = { tag: '16.4', update, ...was('16.0', '16.0') };
    expect(place({ spec: { baseTag: '17.0' }, status: during }, '16.0', '17.0')).toBe('on');
    expect(
      place({ spec: { baseTag: '17.0' }, status: { tag: '17.0', ...was('16.0 16.4', '16.0') } }, '16.0', '17.0'),
    ).toBe('on');
    expect(
      place({ spec: { baseTag: '17.2' }, status: { tag: '17.2', ...was('14.9@14.9 16.1@16.1', '') } }, '14.9', '17.2'),
    ).toBe('on');
    expect(
      place({ spec: { baseTag: '15.1' }, status: { tag: '15.1', ...was('16.0 16.4', '16.0') } }, '16.0', '15.1'),
    ).toBe('above');
    // A rule reaches what the Image was on, and that gives way.
    expect(
      place(
        { rules: 'semver-minor', spec: { baseTag: '17.0' }, status: { tag: '17.0', ...was('16.4', '16.0') } },
        '16.2',
        '17.0',
      ),
    ).toBe('on');
    expect(
      place(
        { rules: 'semver-minor', spec: { baseTag: '17.0' }, status: { tag: '17.0', ...was('16.4', '16.0') } },
        '15.2',
        '17.0',
      ),
    ).toBe('out-of-reach');
    // Pods whose template names nothing yet go on as before.
    expect(place({ spec: { baseTag: '17.0' }, status: during }, '16.0', '16.4')).toBe('on');
  });

  it('a baseTag that is changed to where the Image is takes nothing back', () => {
    expect(
      place(
        {
          rules: 'regex ^(jammy|noble)$',
          spec: { baseTag: 'noble' },
          status: { tag: 'noble', ...was('jammy', 'jammy') },
        },
        'jammy',
        'noble',
      ),
    ).toBe('on');
  });

  it.each<[string, Partial<ImageStatus>, string, string]>([
    ['is on its way there', { update: { tag: '2.0', rule: BASE_TAG_RULE, since: SINCE } }, '2.0', '1.10'],
    ['is on its way there by a rule', { update: { tag: '2.0', rule: 'semver-major', since: SINCE } }, '2.0', '1.10'],
    ['is on its way down', { update: { tag: '1.9', rule: BASE_TAG_RULE, since: SINCE } }, '1.9', '1.10'],
    ['is on its way to a word', { update: { tag: 'stable', rule: BASE_TAG_RULE, since: SINCE } }, 'stable', '1.10'],
    [
      'did not come there',
      { history: [{ from: '1.10', to: '2.0', rule: BASE_TAG_RULE, began: SINCE, ended: SINCE, outcome: 'Failed' }] },
      '2.0',
      '1.10',
    ],
  ])('a new baseTag is not taken back while the Image %s', (_, status, baseTag, tag) => {
    expect(place({ rules: 'semver-major', spec: { baseTag }, status: { tag, ...status } }, baseTag, tag)).toBe(
      'base-tag',
    );
    expect(place({ rules: 'semver-major', spec: { baseTag }, status: { tag, ...status } }, baseTag, baseTag)).toBe(
      'on',
    );
  });
});

describe('what the rules reach', () => {
  it.each<[string, string, string, Place]>([
    ['semver-major', '1.9', '2.1', 'on'],
    ['semver-major', '2.0', '2.1', 'on'],
    ['semver-major', '3.0', '2.1', 'above'],
    ['semver-major', 'v1.9', '2.1', 'series'],
    ['semver-major', '1', '2.1', 'series'],
    ['semver-major', '3', '20260805', 'out-of-reach'],
    ['semver-minor', '1.10.0', '1.10.2', 'on'],
    ['semver-minor', '1.2.9', '1.10.2', 'on'],
    ['semver-minor', '14.9', '17.2', 'out-of-reach'],
    ['semver-minor', '17.3', '17.2', 'above'],
    ['semver-minor', '1.9-alpine', '1.10-bookworm', 'variant'],
    ['semver-minor', '1.9-alpine3.20', '1.10-alpine3.21', 'out-of-reach'],
    ['semver-minor', '8.0.0-rc.1', '8.1.0', 'on'],
    ['semver-minor', '8.0.0', '8.1.0-rc.1', 'series'],
    ['semver-patch', '1.10.0', '1.10.2', 'on'],
    ['semver-patch', '1.9.9', '1.10.2', 'out-of-reach'],
    ['semver-patch', '8.0.0-rc.1', '8.0.0-rc.10', 'on'],
    ['semver-patch', '8.0.0-rc.11', '8.0.0-rc.10', 'above'],
    ['semver-patch; semver-minor', '1.9.9', '1.10.2', 'on'],
    ['semver-range ^1.2', '1.2.0', '1.9.0', 'on'],
    ['semver-range ^1.2', '1.1.0', '1.9.0', 'on'],
    ['semver-range ^1.2', '1.2.0', '2.0.0', 'out-of-reach'],
    ['semver-range ^1.2', '1.9.1', '1.9.0', 'above'],
    ['calver-minor', '2024.01', '2024.11', 'on'],
    ['calver-minor', '2023.01', '2024.11', 'out-of-reach'],
    ['calver-prerelease', '2024.01.02-dev.9', '2024.01.02-dev.10', 'on'],
    ['calver-prerelease', '2024.01.02-dev.11', '2024.01.02-dev.10', 'above'],
    ['calver-prerelease', '2024.01.03-dev.1', '2024.01.02-dev.10', 'above'],
    ['calver-prerelease', '2024.01.01-dev.1', '2024.01.02-dev.10', 'out-of-reach'],
    ['regex ^\\d{8}-\\d{6}-[0-9a-f]+$', '20250101-120000-ab12cd', '20250203-090000-99ff00', 'on'],
    ['regex ^\\d{8}-\\d{6}-[0-9a-f]+$', '20250203-090000-99ff00', '20250101-120000-ab12cd', 'above'],
    ['regex ^3\\.4\\.\\d+-debian-9-r\\d+$', '3.4.1-debian-9-r9', '3.4.1-debian-9-r25', 'on'],
    ['regex ^3\\.4\\.\\d+-debian-9-r\\d+$', '3.4.1-debian-9-r26', '3.4.1-debian-9-r25', 'above'],
    ['regex ^1\\.25', '1.25.3-alpine', '1.25.3-bookworm', 'variant'],
    ['semver-minor', '2.6.3.0-b12', '2.8.0.0-b37', 'on'],
    ['semver-patch', '1.0.99999', '1.0.100123', 'on'],
    ['calver-major', '2024-dev', '2025-dev', 'on'],
    ['regex ^main-', 'main-9-ab12cd4', 'main-9-fed1234', 'out-of-reach'],
    ['regex ^main-', 'main-9-ab12cd4', 'main-10-fed1234', 'on'],
    ['regex ^main-', 'main-11-ab12cd4', 'main-10-fed1234', 'above'],
    ['regex ^main-', 'main-9-ab12cd4', 'dev-10-fed1234', 'above'],
    ['regex ^(jammy|noble)$', 'focal', 'noble', 'series'],
    ['regex .', 'kilted-ros-base', 'noble', 'series'],
    ['regex ^17\\.', '14.9', '17.2', 'out-of-reach'],
    ['regex ^17\\.', '17.1', '17.2', 'on'],
    ['semver-range 17.x', '14.9', '17.2', 'on'],
    ['semver-minor; alphabetical', '1.9.5', '1.10.0', 'beyond'],
    ['numerical', '9', '10', 'on'],
    ['numerical', '9', '20240104', 'out-of-reach'],
    ['numerical', '1.9', '2', 'series'],
    ['numerical', '11', '10', 'above'],
    ['numerical asc', '11', '10', 'on'],
    ['numerical asc', '9', '10', 'below'],
    ['alphabetical', 'r2024a', 'r2024b', 'series'],
    ['alphabetical', 'r1-x', 'r2-x', 'on'],
    ['alphabetical asc', 'r2-x', 'r1-x', 'on'],
    ['alphabetical asc', 'r1-x', 'r2-x', 'below'],
    ['digest', '1.9', '1.10', 'out-of-reach'],
    ['always', '1.9', '2.0', 'on'],
    ['always', '1.9', 'v3.0.1', 'series'],
    ['semver-major!', '1.9', '2.1', 'out-of-reach'],
    ['semver-minor; semver-major!', '14.9', '17.2', 'out-of-reach'],
  ])('%s: %s under %s is %s', (given, own, target, expected) => {
    expect(place({ rules: given }, own, target)).toBe(expected);
  });

  it.each<[string, string, string, string, Place]>([
    ['^(\\d+(?:\\.\\d+){3})-ls\\d+$', 'semver-patch', '4.0.16.2944-ls299', '4.0.17.2952-ls301', 'on'],
    ['^(\\d+(?:\\.\\d+){3})-ls\\d+$', 'semver-patch', '4.0.16.2900-ls299', '4.0.16.2944-ls301', 'on'],
    ['^(\\d+(?:\\.\\d+){3})-ls\\d+$', 'semver-patch', '4.0.18.2999-ls310', '4.0.16.2944-ls301', 'above'],
    ['^(\\d+(?:\\.\\d+){3})-ls\\d+$', 'semver-patch', '4.0.16.2900-amd64-ls299', '4.0.16.2944-ls301', 'variant'],
    ['^build-(\\d+)-', 'numerical', 'build-9-ab12cd4', 'build-10-fed1234', 'on'],
    ['^build-(\\d+)-', 'numerical', 'build-11-ab12cd4', 'build-10-fed1234', 'above'],
    ['^server-(.*)$', 'semver-minor', 'server-0.5.0', 'server-0.7.0', 'on'],
    ['^server-(.*)$', 'semver-minor', 'signer-0.5.0', 'server-0.7.0', 'series'],
  ])('through spec.tags.extract %s, %s: %s under %s is %s', (extract, given, own, target, expected) => {
    expect(place({ rules: given, spec: { tags: { extract } } as Partial<ImageSpec> }, own, target)).toBe(expected);
  });

  it('include and exclude limit what a rule goes to, not from where', () => {
    expect(
      place(
        { rules: 'semver-minor', spec: { rules: rules('semver-minor'), tags: { exclude: '^1\\.9$' } } },
        '1.9',
        '1.10',
      ),
    ).toBe('on');
  });

  it('also a tag from which the Image was moved on', () => {
    const status = was('1.9.0 1.9.5', 'nowhere');
    expect(place({ rules: 'semver-patch', status }, '1.9.1', '2.0-bookworm')).toBe('on');
    expect(place({ rules: 'semver-patch', status }, '1.8.1', '2.0-bookworm')).toBe('variant');
    expect(place({ rules: 'semver-patch', status: was('1.9.5 2.0-bookworm', 'nowhere') }, '1.9.1', '1.9.0')).toBe(
      'above',
    );
  });

  it('of what a rule sees as the same nothing is reached where it is another version', () => {
    expect(
      place(
        { rules: 'semver-minor', spec: { rules: rules('semver-minor'), tags: { extract: '-r(\\d+)$' } } },
        '1.2.3-r5',
        '9.0.0-r5',
      ),
    ).toBe('out-of-reach');
  });

  it("of rules that can't be built nothing is reached, and those beside them go on", () => {
    expect(place({ rules: 'regex (' }, '1.9', '1.10')).toBe('out-of-reach');
    expect(place({ rules: 'regex (; semver-minor' }, '1.9', '1.10')).toBe('on');
  });
});
