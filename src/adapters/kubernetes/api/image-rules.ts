import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { ACTION_TYPES, type ActionType, ALERT_ACTION_TYPES, isAlert } from '../../../domain/action/action.ts';
import { BASE_TAG_RULE } from '../../../domain/image/image-status.ts';
import { RULE_TYPES, type RuleType } from '../../../domain/rule/rule-spec.ts';
import { LONGEST_PATTERN, PLATFORM } from '../../../domain/tag/tags-spec.ts';
import { TRIGGER_TYPES, type TriggerType } from '../../../domain/trigger/trigger.ts';
import { isOneOf, RuleValues } from './rule-values.ts';
import { Check, Describe } from './schema.ts';
import { ValueOrValueFrom } from './value-or-value-from.ts';

const IS_PLATFORM = new RegExp(PLATFORM);

@Check(
  "self.type != 'crontab' || (has(self.value) && self.value.trim() != '')",
  'a crontab trigger needs a value: a cron expression, e.g. "0 */10 * * * *" (second, minute, hour, day of month, month, day of week)',
  undefined,
  ({ type, value = '' }: Trigger) => type !== 'crontab' || value.trim() !== '',
)
export class Trigger {
  @Describe(
    'crontab: at the times given in value. webhook: when the registry reports a push (not implemented yet: it never fires).',
  )
  @IsIn(TRIGGER_TYPES)
  type!: TriggerType;

  @Describe(
    'crontab: the expression, six fields (second, minute, hour, day of month, month, day of week) or five without the second; a prefix such as CRON_TZ=Europe/Paris sets the time zone.',
  )
  @IsOptional()
  @IsString()
  @MaxLength(256)
  value?: string;
}

@Check(
  `!(${isOneOf(ALERT_ACTION_TYPES)}) || (has(self.data) && has(self.data.valueFrom) && has(self.data.valueFrom.alertConfigRef))`,
  'an alert action needs data.valueFrom.alertConfigRef.name: the name of an AlertConfig',
  undefined,
  ({ type, data }: Action) => !isAlert({ type }) || data?.valueFrom?.alertConfigRef !== undefined,
)
export class Action {
  @Describe(
    'apply: update to the tag. request-approval, alert-discord and alert-email are accepted but not implemented yet.',
  )
  @IsIn(ACTION_TYPES)
  type!: ActionType;

  @Describe('Data for the action: for an alert, its AlertConfig.')
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  data?: ValueOrValueFrom;
}

@RuleValues
export class Rule {
  @Describe('The name of the rule, used in messages and alerts.')
  @Check(
    `self != '${BASE_TAG_RULE}'`,
    `must not be ${BASE_TAG_RULE}: status.history uses this name for moves caused by a change of that field`,
    undefined,
    (name: string) => name !== BASE_TAG_RULE,
  )
  @IsString()
  @MinLength(1)
  @MaxLength(256)
  name!: string;

  @Describe(
    'What counts as an update. semver-major, semver-minor, semver-patch, semver-range and the calver rules compare versions; regex selects among the tags that value matches; numerical compares tags as numbers, alphabetical by code point; digest waits until the same tag points to a new digest; always selects the newest.',
  )
  @IsIn(RULE_TYPES)
  type!: RuleType;

  @Describe(
    "regex: the regular expression, RE2 syntax, searched in the tag and not anchored. semver-range: the range, npm's syntax. numerical, alphabetical: desc or asc.",
  )
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_PATTERN)
  value?: string;

  @Describe('What to do when the rule finds a tag, in order.')
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(16)
  @ValidateNested({ each: true })
  @Type(() => Action)
  actions!: Action[];
}

/** A pattern that does not compile is an error of the rule itself, and refused with RE2's own words. */
const RE2 = "''.matches(self) || !''.matches(self)";

export class Tags {
  @Describe('RE2, searched and not anchored: the rules see only tags that match.')
  @Check(RE2, 'must be a regular expression in RE2 syntax')
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(LONGEST_PATTERN)
  include?: string;

  @Describe('RE2, searched and not anchored: tags that match are hidden from the rules.')
  @Check(RE2, 'must be a regular expression in RE2 syntax')
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(LONGEST_PATTERN)
  exclude?: string;

  @Describe('RE2 with a capture group: the rules see what the group matches instead of the whole tag.')
  @Check(
    "self.contains('(')",
    'needs a capture group around the part that the rules should see, e.g. ^release-(.*)$',
    undefined,
    (extract: string) => extract.includes('('),
  )
  @Check(RE2, 'must be a regular expression in RE2 syntax')
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(LONGEST_PATTERN)
  extract?: string;

  @Describe('Platforms that a tag must support, e.g. linux/amd64 or linux/arm64/v8. It must support all of them.')
  @Check(
    `self.all(platform, platform.matches('${PLATFORM}'))`,
    'each platform must be os/architecture or os/architecture/variant, e.g. linux/amd64 or linux/arm64/v8',
    undefined,
    (platforms: string[]) => platforms.every((platform) => IS_PLATFORM.test(platform)),
  )
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(16)
  @IsString({ each: true })
  @MaxLength(64, { each: true })
  platforms?: string[];

  @Describe("How long ago kimup must have first seen a tag's digest before a rule may select the tag: 90m, 72h, 7d.")
  @Check(
    "self.matches('^([0-9]{1,6}[smhdw])+$')",
    'must be a duration, e.g. 90m, 72h or 7d',
    undefined,
    (age: string) => /^([0-9]{1,6}[smhdw])+$/.test(age),
  )
  @IsOptional()
  @IsString()
  @MaxLength(32)
  minimumAge?: string;
}
