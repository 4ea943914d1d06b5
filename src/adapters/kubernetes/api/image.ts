import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { parseImageReference } from '../../../domain/reference/image-reference.ts';
import { isTag } from '../../../domain/reference/reference-grammar.ts';
import { Rule, Tags, Trigger } from './image-rules.ts';
import { ImageStatus } from './image-status.ts';
import { TAG } from './names.ts';
import { LocalObjectReference } from './reference.ts';
import { Check, CustomResource, Default, Describe } from './schema.ts';

const HOST = String.raw`(\\[[0-9a-fA-F:.]+\\]|[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?)(:[0-9]+)?`;
const SCHEME = /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//;
const PATH = '[a-z0-9]+((\\\\.|_|__|-+)[a-z0-9]+)*';

function isImageReference(text: string): boolean {
  try {
    parseImageReference(text);
    return true;
  } catch {
    return false;
  }
}

/** What the user wants. */
export class ImageSpec {
  @Describe('The repository to follow, without a tag: nginx, ghcr.io/org/app, registry.local:5000/app.')
  @Check(
    "!self.contains('@')",
    'must not contain a digest: remove the @ and what follows it',
    undefined,
    (image: string) => !image.includes('@'),
  )
  @Check(
    "self.contains('@') || !self.matches(':[^/]*$')",
    'must not contain a tag: put the tag to start from into spec.baseTag',
    undefined,
    (image: string) => image.includes('@') || !/:[^/]*$/.test(image),
  )
  @Check(
    "!self.matches('^[a-zA-Z][a-zA-Z0-9+.-]*://')",
    'must not contain a scheme: remove everything up to and including ://',
    undefined,
    (image: string) => !SCHEME.test(image),
  )
  @Check(
    `self.contains('://') || self.matches('^(${HOST}/)?${PATH}(/${PATH})*(:[^/]*)?(@.*)?$')`,
    'must be a repository name, such as nginx or ghcr.io/org/app: lower-case parts separated by /, optionally with a registry host in front',
    undefined,
    (image: string) => image.includes('@') || SCHEME.test(image) || isImageReference(image),
  )
  @IsString()
  @MinLength(1)
  @MaxLength(512)
  image!: string;

  @Describe('The tag that the Image starts from.')
  @Default('latest')
  @Check(
    `self.matches('${TAG}')`,
    'must be a tag: at most 128 letters, digits, _, . and -, starting with a letter, digit or _',
    undefined,
    isTag,
  )
  @IsOptional()
  @IsString()
  @MaxLength(512)
  baseTag?: string;

  @Describe('Secrets of the same namespace with the credentials of the registry (type kubernetes.io/dockerconfigjson).')
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @ValidateNested({ each: true })
  @Type(() => LocalObjectReference)
  imagePullSecrets?: LocalObjectReference[];

  @Describe(
    'Accept any certificate from the registry. For tests only: anyone on the network path can then impersonate the registry.',
  )
  @Default(false)
  @IsOptional()
  @IsBoolean()
  insecureSkipTLSVerify?: boolean;

  @Describe('Which tags the rules see, and what a tag must meet before a rule may select it.')
  @IsOptional()
  @ValidateNested()
  @Type(() => Tags)
  tags?: Tags;

  @Describe(
    'Set the image of pods to TAG@sha256:... rather than to the tag alone. With a rule of type digest this always happens.',
  )
  @IsOptional()
  @IsBoolean()
  pinDigest?: boolean;

  @Describe('When to look for a newer tag.')
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(32)
  @ValidateNested({ each: true })
  @Type(() => Trigger)
  triggers!: Trigger[];

  @Describe(
    'What counts as an update, and what to do about it. All rules are evaluated, in order; the first one that finds a tag and has the action apply or request-approval decides which tag comes next.',
  )
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(64)
  @ValidateNested({ each: true })
  @Type(() => Rule)
  rules!: Rule[];
}

@CustomResource({
  kind: 'Image',
  plural: 'images',
  singular: 'image',
  columns: [
    { name: 'Image', type: 'string', jsonPath: '.spec.image', description: 'The repository.' },
    { name: 'Tag', type: 'string', jsonPath: '.status.tag', description: 'The current tag of the Image.' },
    { name: 'Last-Result', type: 'string', jsonPath: '.status.result', description: 'The result of the last refresh.' },
    { name: 'Last-Sync', type: 'date', jsonPath: '.status.time', description: 'When the Image was last refreshed.' },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether the last refresh succeeded and no update is in progress.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: 'The message of the condition Ready.',
      priority: 1,
    },
  ],
})
@Describe(
  'An Image keeps one repository up to date: when to look for a newer tag, what counts as an update, and what to do about it.',
)
export class Image {
  @Describe('The desired state.')
  @ValidateNested()
  @Type(() => ImageSpec)
  spec!: ImageSpec;

  @Describe('The observed state, written by kimup.')
  @IsOptional()
  @ValidateNested()
  @Type(() => ImageStatus)
  status?: ImageStatus;
}
