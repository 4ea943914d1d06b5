import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { Condition, CONDITIONS } from './condition.ts';
import { NAME, NAME_LENGTH } from './names.ts';
import { CustomResource, Default, Describe, Opaque, Schema, StringMap } from './schema.ts';

/** Annotations may be long; labels and selectors are short by their own rules. */
const ANNOTATION_LENGTH = 262_144;
const LABEL_LENGTH = 63;

/** One of kimup's own listeners. */
export class Endpoint {
  @Describe('Whether the endpoint is served.')
  @Default(true)
  @IsOptional()
  @IsBoolean()
  enabled?: boolean;

  @Describe('The port of the endpoint.')
  @Schema({ format: 'int32' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(65535)
  port?: number;

  @Describe('The path of the endpoint.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  path?: string;
}

/** A kimup-controller as it should run. */
export class KimupSpec {
  @Describe('Name of the kimup-controller.')
  @IsString()
  @MinLength(1)
  @MaxLength(NAME_LENGTH)
  @Matches(NAME)
  name!: string;

  @Describe("The container image to run; by default kimup's own image.")
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  image?: string;

  @Describe('Annotations of its pods.')
  @StringMap(ANNOTATION_LENGTH)
  @IsOptional()
  annotations?: Record<string, string>;

  @Describe('Labels of its pods.')
  @StringMap(LABEL_LENGTH)
  @IsOptional()
  labels?: Record<string, string>;

  @Describe("Environment variables of its container, as in a pod's containers[].env.")
  @Opaque('array')
  @IsOptional()
  @ArrayMaxSize(256)
  env?: object[];

  @Describe("Resources of its container, as in a pod's containers[].resources.")
  @Opaque('object')
  @IsOptional()
  resources?: object;

  @Describe("Affinity of its pods, as in a pod's affinity.")
  @Opaque('object')
  @IsOptional()
  affinity?: object;

  @Describe('Labels of the nodes that its pods may run on.')
  @StringMap(LABEL_LENGTH)
  @IsOptional()
  nodeSelector?: Record<string, string>;

  @Describe("Tolerations of its pods, as in a pod's tolerations.")
  @Opaque('array')
  @IsOptional()
  @ArrayMaxSize(256)
  tolerations?: object[];

  @Describe("How its pods spread, as in a pod's topologySpreadConstraints.")
  @Opaque('array')
  @IsOptional()
  @ArrayMaxSize(64)
  topologySpreadConstraints?: object[];

  @Describe('The ServiceAccount that its pods run under.')
  @Default('kimup')
  @IsOptional()
  @IsString()
  @MaxLength(NAME_LENGTH)
  @Matches(NAME)
  serviceAccountName?: string;

  @Describe('The PriorityClass of its pods.')
  @IsOptional()
  @IsString()
  @MaxLength(NAME_LENGTH)
  priorityClassName?: string;

  @Describe('The metrics endpoint.')
  @Default({ enabled: true })
  @IsOptional()
  @ValidateNested()
  @Type(() => Endpoint)
  metrics?: Endpoint;

  @Describe('The health endpoint.')
  @Default({ enabled: true })
  @IsOptional()
  @ValidateNested()
  @Type(() => Endpoint)
  healthz?: Endpoint;

  @Describe('Minimum log level.')
  @Default('info')
  @IsOptional()
  @IsIn(['debug', 'info', 'warn', 'error', 'fatal', 'panic', 'trace'])
  logLevel?: string;
}

export class KimupStatus {
  @Describe('ready when the controller runs as specified.')
  @IsOptional()
  @IsString()
  @MaxLength(64)
  state?: string;

  @Describe('The metadata.generation that the conditions refer to.')
  @Schema({ format: 'int64' })
  @IsOptional()
  @IsInt()
  @Min(0)
  observedGeneration?: number;

  @Describe('Ready and others, for kubectl wait.')
  @Schema(CONDITIONS)
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @ValidateNested({ each: true })
  @Type(() => Condition)
  conditions?: Condition[];
}

@CustomResource({
  kind: 'Kimup',
  plural: 'kimups',
  singular: 'kimup',
  columns: [
    {
      name: 'State',
      type: 'string',
      jsonPath: '.status.state',
      description: 'ready when the controller runs as specified.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Time since the object was created.',
    },
  ],
})
@Describe('A Kimup describes a kimup-controller that the operator keeps running. It is accepted but not used yet.')
export class Kimup {
  @Describe('The desired state.')
  @ValidateNested()
  @Type(() => KimupSpec)
  spec!: KimupSpec;

  @Describe('The observed state, written by kimup.')
  @IsOptional()
  @ValidateNested()
  @Type(() => KimupStatus)
  status?: KimupStatus;
}
