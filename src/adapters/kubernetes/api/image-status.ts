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

  @Describe('The digest that the tag pointed to when the move was decided.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The rule that found the tag, or spec.baseTag if a change of spec.baseTag caused the move.')
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

  @Describe('The rule that did not select the tag.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  rule?: string;

  @Describe('Why the rule did not select the tag.')
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  reason?: string;
}

export class FirstSeen {
  @Describe('A tag that is only too young to be selected.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The digest that the tag points to.')
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
  @Describe('The tag of the Image before the move.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  from?: string;

  @Describe('The tag to move to.')
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  to?: string;

  @Describe('The digest of that tag when the move was decided.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The rule that found the tag, or spec.baseTag if a change of spec.baseTag caused the move.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  rule?: string;

  @Describe('When the move was decided.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  began?: string;

  @Describe('When the outcome of the move became known.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  ended?: string;

  @Describe('Healthy, or Failed if the Image kept its previous tag.')
  @IsOptional()
  @IsIn(HISTORY_OUTCOMES)
  outcome?: HistoryOutcome;

  @Describe('The final message of the rollout.')
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

  @Describe('The spec.baseTag at that time.')
  @IsOptional()
  @IsString()
  @MaxLength(512)
  baseTag?: string;
}

/** What kimup found and did. The operator writes `rollout`, the controller all the rest. */
export class ImageStatus {
  @Describe(
    'The current tag of the Image, which new pods get. A new tag is recorded here once its rollout has succeeded.',
  )
  @IsOptional()
  @IsString()
  @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The digest of that tag.')
  @IsOptional()
  @IsString()
  @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The result of the last refresh. Scheduled: an update is in progress.')
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

  @Describe('The metadata.generation that the last refresh used.')
  @Schema({ format: 'int64' })
  @IsOptional()
  @IsInt()
  @Min(0)
  observedGeneration?: number;

  @Describe('The move that was decided and is in progress.')
  @IsOptional()
  @ValidateNested()
  @Type(() => Update)
  update?: Update;

  @Describe('The rollout of the last move: its progress and outcome.')
  @IsOptional()
  @ValidateNested()
  @Type(() => Rollout)
  rollout?: Rollout;

  @Describe(
    'Newer tags that were not selected, and why: at most ten, chosen to cover as many reasons as possible. kimup plan --explain shows all.',
  )
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @ValidateNested({ each: true })
  @Type(() => Candidate)
  candidates?: Candidate[];

  @Describe('For spec.tags.minimumAge: when kimup first saw the digests of tags that are still too young.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @ValidateNested({ each: true })
  @Type(() => FirstSeen)
  firstSeen?: FirstSeen[];

  @Describe('The last moves that have ended, at most ten, the oldest first.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(HISTORY_LENGTH)
  @ValidateNested({ each: true })
  @Type(() => HistoryEntry)
  history?: HistoryEntry[];

  @Describe('The tags that the Image was on before. Containers with such a tag can be moved to the current one.')
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
