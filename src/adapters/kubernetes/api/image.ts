import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean, IsIn, IsOptional, IsString, MaxLength, MinLength, ValidateNested } from 'class-validator';
import { isTag, parseImageReference } from '../../../domain/image/image-reference.ts';
import { ACTION_TYPES, BASE_TAG_RULE, LONGEST_PATTERN, LONGEST_RANGE, PLATFORM, RULE_TYPES, TRIGGER_TYPES } from '../../../domain/image/image.ts';
import type { ActionType, RuleType, TriggerType } from '../../../domain/image/image.ts';
import { ImageStatus } from './image-status.ts';
import { TAG } from './names.ts';
import { LocalObjectReference } from './reference.ts';
import { Check, CustomResource, Default, Describe } from './schema.ts';
import { ValueOrValueFrom } from './value-or-value-from.ts';

const HOST = String.raw`(\\[[0-9a-fA-F:.]+\\]|[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?)(:[0-9]+)?`;
const SCHEME = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//;
const IS_PLATFORM = new RegExp(PLATFORM);
const PATH = '[a-z0-9]+((\\\\.|_|__|-+)[a-z0-9]+)*';

function isImageReference(text: string): boolean {
  try {
    parseImageReference(text);
    return true;
  } catch {
    return false;
  }
}

@Check(
  "self.type != 'crontab' || (has(self.value) && self.value.trim() != '')",
  'a crontab trigger needs a value: a cron expression, e.g. "0 */10 * * * *" (second, minute, hour, day of month, month, day of week)',
  undefined,
  ({ type, value = '' }: Trigger) => type !== 'crontab' || value.trim() !== '',
)
export class Trigger {
  @Describe('crontab: at the times that value says. webhook: when the registry reports a push.')
  @IsIn(TRIGGER_TYPES)
  type!: TriggerType;

  @Describe('crontab: the expression, six fields (second, minute, hour, day of month, month, day of week) or five without the second; a prefix such as CRON_TZ=Europe/Paris sets the time zone.')
  @IsOptional() @IsString() @MaxLength(256)
  value?: string;
}

@Check(
  "!self.type.startsWith('alert-') || (has(self.data) && has(self.data.valueFrom) && has(self.data.valueFrom.alertConfigRef))",
  'an alert needs data.valueFrom.alertConfigRef: {name: the AlertConfig that says where it goes}',
  undefined,
  ({ type, data }: Action) => !type.startsWith('alert-') || data?.valueFrom?.alertConfigRef !== undefined,
)
export class Action {
  @Describe('apply: move the Image to the tag. request-approval: ask a person first. alert-discord, alert-email: tell people.')
  @IsIn(ACTION_TYPES)
  type!: ActionType;

  @Describe('What the action needs to know: for an alert, its AlertConfig.')
  @IsOptional() @ValidateNested() @Type(() => ValueOrValueFrom)
  data?: ValueOrValueFrom;
}

@Check(
  "self.type != 'semver-range' || (has(self.value) && self.value.trim() != '')",
  "a semver-range rule needs a value: a range in npm's syntax, e.g. ^1.2 or >=1.9 <3",
  undefined,
  ({ type, value = '' }: Rule) => type !== 'semver-range' || value.trim() !== '',
)
@Check(
  `self.type != 'semver-range' || !has(self.value) || self.value.size() <= ${LONGEST_RANGE}`,
  `a range has ${LONGEST_RANGE} characters at most`,
  undefined,
  ({ type, value = '' }: Rule) => type !== 'semver-range' || value.length <= LONGEST_RANGE,
)
@Check(
  "!(self.type in ['numerical', 'alphabetical']) || !has(self.value) || self.value in ['', 'asc', 'desc']",
  'a numerical or alphabetical rule takes desc (the highest above the current tag, if nothing is said) or asc (the lowest below it) as its value',
  undefined,
  ({ type, value = '' }: Rule) => !['numerical', 'alphabetical'].includes(type) || ['', 'asc', 'desc'].includes(value),
)
@Check("self.type != 'regex' || (has(self.value) && self.value != '')", 'a regex rule needs a value: a regular expression in RE2 syntax, e.g. ^v1[.]', undefined, ({ type, value = '' }: Rule) => type !== 'regex' || value !== '')
// A pattern that does not compile is an error of the rule itself, and refused with RE2's own words.
@Check("self.type != 'regex' || !has(self.value) || ''.matches(self.value) || !''.matches(self.value)", 'value must be a regular expression in RE2 syntax', '.value')
export class Rule {
  @Describe('What people call the rule, in alerts and reasons.')
  @Check(`self != '${BASE_TAG_RULE}'`, `not the name of a rule: ${BASE_TAG_RULE} stands in the history for moves by that field`, undefined, (name: string) => name !== BASE_TAG_RULE)
  @IsString() @MinLength(1) @MaxLength(256)
  name!: string;

  @Describe('What counts as an update. semver-major, semver-minor, semver-patch, semver-range and the calver ones compare versions; regex picks from the tags that value matches; numerical and alphabetical compare as numbers and by code point; digest waits for the same tag to be pushed anew; always takes the newest.')
  @IsIn(RULE_TYPES)
  type!: RuleType;

  @Describe("regex: the regular expression, RE2 syntax, searched in the tag and not anchored. semver-range: the range, npm's syntax. numerical, alphabetical: desc or asc.")
  @IsOptional() @IsString() @MaxLength(LONGEST_PATTERN)
  value?: string;

  @Describe('What to do about a tag that the rule finds, in order.')
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(16) @ValidateNested({ each: true }) @Type(() => Action)
  actions!: Action[];
}

/** A pattern that does not compile is an error of the rule itself, and refused with RE2's own words. */
const RE2 = "''.matches(self) || !''.matches(self)";

export class Tags {
  @Describe('RE2, searched and not anchored: the rules see only tags that match.')
  @Check(RE2, 'must be a regular expression in RE2 syntax')
  @IsOptional() @IsString() @MinLength(1) @MaxLength(LONGEST_PATTERN)
  include?: string;

  @Describe('RE2, searched and not anchored: the rules see no tag that matches.')
  @Check(RE2, 'must be a regular expression in RE2 syntax')
  @IsOptional() @IsString() @MinLength(1) @MaxLength(LONGEST_PATTERN)
  exclude?: string;

  @Describe('RE2 with a group: the rules see what the group matches instead of the whole tag.')
  @Check("self.contains('(')", 'needs a group around what the rules are to see, e.g. ^release-(.*)$', undefined, (extract: string) => extract.includes('('))
  @Check(RE2, 'must be a regular expression in RE2 syntax')
  @IsOptional() @IsString() @MinLength(1) @MaxLength(LONGEST_PATTERN)
  extract?: string;

  @Describe('What a tag has to be for, e.g. linux/amd64 or linux/arm64/v8: all of them.')
  @Check(`self.all(platform, platform.matches('${PLATFORM}'))`, 'a platform is os/architecture or os/architecture/variant, e.g. linux/amd64 or linux/arm64/v8', undefined, (platforms: string[]) => platforms.every((platform) => IS_PLATFORM.test(platform)))
  @IsOptional() @IsArray() @ArrayMaxSize(16) @IsString({ each: true }) @MaxLength(64, { each: true })
  platforms?: string[];

  @Describe("How long kimup must have known a tag's digest before it takes it, counted from when it first saw it: 90m, 72h, 7d.")
  @Check("self.matches('^([0-9]{1,6}[smhdw])+$')", 'not a duration: write it like 90m, 72h or 7d', undefined, (age: string) => /^([0-9]{1,6}[smhdw])+$/.test(age))
  @IsOptional() @IsString() @MaxLength(32)
  minimumAge?: string;
}

/** What the user wants. */
export class ImageSpec {
  @Describe('The repository to follow, without a tag: nginx, ghcr.io/org/app, registry.local:5000/app.')
  @Check("!self.contains('@')", 'a repository has no digest: leave out what follows the @', undefined, (image: string) => !image.includes('@'))
  @Check("self.contains('@') || !self.matches(':[^/]*$')", 'a repository has no tag: put the tag to start from into spec.baseTag', undefined, (image: string) => image.includes('@') || !/:[^/]*$/.test(image))
  @Check("!self.matches('^[a-zA-Z][a-zA-Z0-9+.-]*://')", 'a repository has no scheme: leave out what comes before the host', undefined, (image: string) => !SCHEME.test(image))
  @Check(
    `self.contains('://') || self.matches('^(${HOST}/)?${PATH}(/${PATH})*(:[^/]*)?(@.*)?$')`,
    'not the name of a repository, e.g. nginx or ghcr.io/org/app: parts in lower case joined by /, with the host of a registry before them or none',
    undefined,
    (image: string) => image.includes('@') || SCHEME.test(image) || isImageReference(image),
  )
  @IsString() @MinLength(1) @MaxLength(512)
  image!: string;

  @Describe('The tag that the Image starts from.')
  @Default('latest')
  @Check(`self.matches('${TAG}')`, 'not a tag: letters, digits, _, . and -, at most 128, the first one a letter, digit or _', undefined, isTag)
  @IsOptional() @IsString() @MaxLength(512)
  baseTag?: string;

  @Describe('Secrets of the same namespace with the credentials of the registry (type kubernetes.io/dockerconfigjson).')
  @IsOptional() @IsArray() @ArrayMaxSize(32) @ValidateNested({ each: true }) @Type(() => LocalObjectReference)
  imagePullSecrets?: LocalObjectReference[];

  @Describe('Take any certificate from the registry. For tests: whoever is in between can then answer for it.')
  @Default(false)
  @IsOptional() @IsBoolean()
  insecureSkipTLSVerify?: boolean;

  @Describe('Which tags the rules see, and of which they may take one.')
  @IsOptional() @ValidateNested() @Type(() => Tags)
  tags?: Tags;

  @Describe('Put the digest on pods beside the tag, whatever the rule: TAG@sha256:... A rule of type digest does so too.')
  @IsOptional() @IsBoolean()
  pinDigest?: boolean;

  @Describe('When to look for a newer tag.')
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(32) @ValidateNested({ each: true }) @Type(() => Trigger)
  triggers!: Trigger[];

  @Describe('What counts as an update and what to do about it. All are evaluated, in order; the first one that finds a tag and has apply or request-approval moves the Image.')
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(64) @ValidateNested({ each: true }) @Type(() => Rule)
  rules!: Rule[];
}

@CustomResource({
  kind: 'Image',
  plural: 'images',
  singular: 'image',
  columns: [
    { name: 'Image', type: 'string', jsonPath: '.spec.image', description: 'The repository.' },
    { name: 'Tag', type: 'string', jsonPath: '.status.tag', description: 'The tag that the Image is on.' },
    { name: 'Last-Result', type: 'string', jsonPath: '.status.result', description: 'How the last refresh ended.' },
    { name: 'Last-Sync', type: 'date', jsonPath: '.status.time', description: 'When the Image was last refreshed.' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status', description: 'Whether the Image is as it should be.' },
    { name: 'Message', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].message', description: 'Why.', priority: 1 },
  ],
})
@Describe('An Image keeps one repository up to date: when to look for a newer tag, what counts as an update, and what to do about it.')
export class Image {
  @Describe('What is wanted.')
  @ValidateNested() @Type(() => ImageSpec)
  spec!: ImageSpec;

  @Describe('What kimup found and did.')
  @IsOptional() @ValidateNested() @Type(() => ImageStatus)
  status?: ImageStatus;
}
