import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import {
  HISTORY_LENGTH,
  HISTORY_OUTCOMES,
  type HistoryOutcome,
  ORIGINS_LENGTH,
  REFRESH_RESULTS,
  type RefreshResult,
} from '../../../domain/image/image-status.ts';
import { DIGEST_LENGTH, MESSAGE_LENGTH, TAG_LENGTH } from './bounds.ts';
import { Condition, CONDITIONS } from './condition.ts';
import { Rollout } from './rollout.ts';
import { Describe, Schema } from './schema.ts';

// Every field is optional: two components apply a part of the status each, and either may be the first.

export class Update {
  @Describe('The tag to move to.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The digest that the tag pointed at when the move was decided.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The rule that found the tag; spec.baseTag where the user changed that.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  rule?: string;

  @Describe('When the move was decided.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  since?: string;
}

export class Candidate {
  @Describe('A newer tag.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The rule that does not take it.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  rule?: string;

  @Describe('Why not.')
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  reason?: string;
}

export class FirstSeen {
  @Describe('A tag that would be taken but for its age.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('What the tag points at.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('When kimup first saw that digest.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  time?: string;
}

export class HistoryEntry {
  @Describe('The tag that the Image was on.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  from?: string;

  @Describe('The tag that it moved to.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  to?: string;

  @Describe('The digest of that tag when the move was decided.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The rule that found the tag; spec.baseTag where the user changed that.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  rule?: string;

  @Describe('When the move was decided.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  began?: string;

  @Describe('When it was known how it ended.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  ended?: string;

  @Describe('Healthy, or Failed: then the Image stayed where it was.')
  @IsOptional()
  @IsIn(HISTORY_OUTCOMES)
  outcome?: HistoryOutcome;

  @Describe('What the rollout said at its end.')
  @IsOptional()
  @IsString()
  @MaxLength(MESSAGE_LENGTH)
  message?: string;
}

export class Origin {
  @Describe('A tag that the Image was on, or started at.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The spec.baseTag that counted then.')
  @IsOptional()
  @IsString()
  @MaxLength(512)
  baseTag?: string;
}

/** What kimup found and did. The operator writes `rollout`, the controller all the rest. */
export class ImageStatus {
  @Describe('The tag that the Image is on: proven, and what new pods get.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The digest of that tag.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('How the last refresh ended. Scheduled: an update is under way.')
  @IsOptional()
  @IsIn(REFRESH_RESULTS)
  result?: RefreshResult;

  @Describe('When the Image was last refreshed.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  time?: string;

  @Describe('The spec.image that this status was written for.')
  @IsOptional()
  @IsString()
  @MaxLength(512)
  image?: string;

  @Describe('The spec.baseTag that this status was written for.')
  @IsOptional()
  @IsString()
  @MaxLength(512)
  baseTag?: string;

  @Describe('The metadata.generation that the last refresh saw.')
  @Schema({ format: 'int64' })
  @IsOptional()
  @IsInt()
  @Min(0)
  observedGeneration?: number;

  @Describe('The move that was decided and is under way.')
  @IsOptional()
  @ValidateNested()
  @Type(() => Update)
  update?: Update;

  @Describe('What became of the move.')
  @IsOptional()
  @ValidateNested()
  @Type(() => Rollout)
  rollout?: Rollout;

  @Describe('Why newer tags are not taken: the most interesting ones, at most ten. kimup plan --explain tells of all.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => Candidate)
  candidates?: Candidate[];

  @Describe('For spec.tags.minimumAge: since when kimup knows the digests of tags that are still too young.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => FirstSeen)
  firstSeen?: FirstSeen[];

  @Describe('The last moves that ended, the oldest first, at most ten.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(HISTORY_LENGTH)
  @ValidateNested({ each: true })
  @Type(() => HistoryEntry)
  history?: HistoryEntry[];

  @Describe('The tags that the Image was on before: on workloads they give way to its tag.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(ORIGINS_LENGTH)
  @ValidateNested({ each: true })
  @Type(() => Origin)
  origins?: Origin[];

  @Describe('Ready, Reconciling, Stalled and others, for kubectl wait.')
  @Schema(CONDITIONS)
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(32)
  @ValidateNested({ each: true })
  @Type(() => Condition)
  conditions?: Condition[];
}
