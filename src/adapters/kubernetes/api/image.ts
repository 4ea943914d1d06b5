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
    'a repository has no digest: leave out what follows the @',
    undefined,
    (image: string) => !image.includes('@'),
  )
  @Check(
    "self.contains('@') || !self.matches(':[^/]*$')",
    'a repository has no tag: put the tag to start from into spec.baseTag',
    undefined,
    (image: string) => image.includes('@') || !/:[^/]*$/.test(image),
  )
  @Check(
    "!self.matches('^[a-zA-Z][a-zA-Z0-9+.-]*://')",
    'a repository has no scheme: leave out what comes before the host',
    undefined,
    (image: string) => !SCHEME.test(image),
  )
  @Check(
    `self.contains('://') || self.matches('^(${HOST}/)?${PATH}(/${PATH})*(:[^/]*)?(@.*)?$')`,
    'not the name of a repository, e.g. nginx or ghcr.io/org/app: parts in lower case joined by /, with the host of a registry before them or none',
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
    'not a tag: letters, digits, _, . and -, at most 128, the first one a letter, digit or _',
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

  @Describe('Take any certificate from the registry. For tests: whoever is in between can then answer for it.')
  @Default(false)
  @IsOptional()
  @IsBoolean()
  insecureSkipTLSVerify?: boolean;

  @Describe('Which tags the rules see, and of which they may take one.')
  @IsOptional()
  @ValidateNested()
  @Type(() => Tags)
  tags?: Tags;

  @Describe(
    'Put the digest on pods beside the tag, whatever the rule: TAG@sha256:... A rule of type digest does so too.',
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
    'What counts as an update and what to do about it. All are evaluated, in order; the first one that finds a tag and has apply or request-approval moves the Image.',
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
    { name: 'Tag', type: 'string', jsonPath: '.status.tag', description: 'The tag that the Image is on.' },
    { name: 'Last-Result', type: 'string', jsonPath: '.status.result', description: 'How the last refresh ended.' },
    { name: 'Last-Sync', type: 'date', jsonPath: '.status.time', description: 'When the Image was last refreshed.' },
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether the Image is as it should be.',
    },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: 'Why.',
      priority: 1,
    },
  ],
})
@Describe(
  'An Image keeps one repository up to date: when to look for a newer tag, what counts as an update, and what to do about it.',
)
export class Image {
  @Describe('What is wanted.')
  @ValidateNested()
  @Type(() => ImageSpec)
  spec!: ImageSpec;

  @Describe('What kimup found and did.')
  @IsOptional()
  @ValidateNested()
  @Type(() => ImageStatus)
  status?: ImageStatus;
}
