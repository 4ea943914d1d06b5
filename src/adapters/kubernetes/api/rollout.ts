import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import {
  ROLLOUT_PHASES,
  type RolloutPhase,
  WORKLOAD_KINDS,
  WORKLOAD_PHASES,
  type WorkloadKind,
  type WorkloadPhase,
} from '../../../domain/image/image-status.ts';
import { DIGEST_LENGTH, MESSAGE_LENGTH, TAG_LENGTH } from './bounds.ts';
import { NAME_LENGTH } from './names.ts';
import { Describe, Schema } from './schema.ts';

// Every field is optional: see image-status.ts.

export class WorkloadRollout {
  @Describe('Kind of the workload.')
  @IsOptional()
  @IsIn(WORKLOAD_KINDS)
  kind?: WorkloadKind;

  @Describe('Name of the workload.')
  @IsOptional()
  @IsString()
  @MaxLength(NAME_LENGTH)
  name?: string;

  @Describe(
    "The tag that the workload's pod template named for this Image before the rollout; absent if it named none.",
  )
  @IsOptional()
  @IsString()
  @MaxLength(512)
  previousTag?: string;

  @Describe(
    'For an Overridden workload whose pod template no longer names a tag for this Image: the tag that its pods get until the next move.',
  )
  @IsOptional()
  @IsString()
  @MaxLength(512)
  pinnedTag?: string;

  @Describe(
    'The phase of the workload. Overridden: someone else changed its annotation kimup.cloudavenue.io/images, and kimup leaves it as it is until the next move.',
  )
  @IsOptional()
  @IsIn(WORKLOAD_PHASES)
  phase?: WorkloadPhase;

  @Describe('When the workload last made progress.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  since?: string;

  @Describe('Details about the phase: progress, what the workload waits for, or why it failed.')
  @IsOptional()
  @IsString()
  @MaxLength(MESSAGE_LENGTH)
  message?: string;
}

export class LeftAlone {
  @Describe('Kind of the workload.')
  @IsOptional()
  @IsIn(WORKLOAD_KINDS)
  kind?: WorkloadKind;

  @Describe('Name of the workload.')
  @IsOptional()
  @IsString()
  @MaxLength(NAME_LENGTH)
  name?: string;

  @Describe('Which container keeps which image, and why.')
  @IsOptional()
  @IsString()
  @MaxLength(MESSAGE_LENGTH)
  message?: string;
}

export class LateRollout {
  @Describe('The current tag of the Image.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('Its digest.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The workloads that are updated to this tag, one entry each.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(5000)
  @ValidateNested({ each: true })
  @Type(() => WorkloadRollout)
  workloads?: WorkloadRollout[];
}

export class Rollout {
  @Describe('The tag to roll out.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('Its digest.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The spec.image that the rollout is for.')
  @IsOptional()
  @IsString()
  @MaxLength(512)
  image?: string;

  @Describe('Progressing until the new pods of every workload are ready (Healthy) or one workload fails (Failed).')
  @IsOptional()
  @IsIn(ROLLOUT_PHASES)
  phase?: RolloutPhase;

  @Describe('Copied from status.update.since of the update that this rollout belongs to. It links the two.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  since?: string;

  @Describe('Progress, what the rollout waits for, or why it failed.')
  @IsOptional()
  @IsString()
  @MaxLength(MESSAGE_LENGTH)
  message?: string;

  @Describe('The workloads that are rolled out, one entry each.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(5000)
  @ValidateNested({ each: true })
  @Type(() => WorkloadRollout)
  workloads?: WorkloadRollout[];

  @Describe('The workloads in scope that use the repository and stay as they are because of their tags.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(5000)
  @ValidateNested({ each: true })
  @Type(() => LeftAlone)
  leftAlone?: LeftAlone[];

  @Describe(
    'Only after a failed rollout: workloads that came into scope later and are updated to the current tag of the Image.',
  )
  @IsOptional()
  @ValidateNested()
  @Type(() => LateRollout)
  late?: LateRollout;
}
