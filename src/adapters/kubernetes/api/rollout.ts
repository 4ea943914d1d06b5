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

  @Describe("What the workload's pod template said of this Image before; absent where it said nothing.")
  @IsOptional()
  @IsString()
  @MaxLength(512)
  previousTag?: string;

  @Describe('Of an Overridden workload whose pod template says nothing now: what its pods get until the next move.')
  @IsOptional()
  @IsString()
  @MaxLength(512)
  pinnedTag?: string;

  @Describe('How far the workload is. Overridden: somebody else changed its annotation, and has the last word.')
  @IsOptional()
  @IsIn(WORKLOAD_PHASES)
  phase?: WorkloadPhase;

  @Describe('When the workload last made progress.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  since?: string;

  @Describe('What holds it up.')
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

  @Describe('Which container keeps what, and why.')
  @IsOptional()
  @IsString()
  @MaxLength(MESSAGE_LENGTH)
  message?: string;
}

export class LateRollout {
  @Describe('The tag that the Image was on already.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('Its digest.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The workloads that are brought to it, a row each.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(5000)
  @ValidateNested({ each: true })
  @Type(() => WorkloadRollout)
  workloads?: WorkloadRollout[];
}

export class Rollout {
  @Describe('The tag that is rolled out.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('Its digest.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The spec.image that it was for.')
  @IsOptional()
  @IsString()
  @MaxLength(512)
  image?: string;

  @Describe('Progressing until every workload has its new pods ready (Healthy) or one does not get there (Failed).')
  @IsOptional()
  @IsIn(ROLLOUT_PHASES)
  phase?: RolloutPhase;

  @Describe('The time of the update that this rollout is of (status.update.since), by which the two belong together.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  since?: string;

  @Describe('Why it failed, or what it waits for.')
  @IsOptional()
  @IsString()
  @MaxLength(MESSAGE_LENGTH)
  message?: string;

  @Describe('The workloads that are rolled, a row each.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(5000)
  @ValidateNested({ each: true })
  @Type(() => WorkloadRollout)
  workloads?: WorkloadRollout[];

  @Describe('The workloads in scope that name the repository and stay as they are because of their tags.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(5000)
  @ValidateNested({ each: true })
  @Type(() => LeftAlone)
  leftAlone?: LeftAlone[];

  @Describe(
    'Beside a rollout that failed: workloads that came into scope late, and are brought to the tag that the Image is on.',
  )
  @IsOptional()
  @ValidateNested()
  @Type(() => LateRollout)
  late?: LateRollout;
}
