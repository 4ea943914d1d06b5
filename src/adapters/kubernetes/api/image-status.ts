import { Type } from 'class-transformer';
import { ArrayMaxSize, IsArray, IsIn, IsInt, IsOptional, IsString, MaxLength, Min, ValidateNested } from 'class-validator';
import { HISTORY_LENGTH, HISTORY_OUTCOMES, ORIGINS_LENGTH, REFRESH_RESULTS, ROLLOUT_PHASES, WORKLOAD_KINDS, WORKLOAD_PHASES } from '../../../domain/image/image.ts';
import type { HistoryOutcome, RefreshResult, RolloutPhase, WorkloadKind, WorkloadPhase } from '../../../domain/image/image.ts';
import { Condition, CONDITIONS } from './condition.ts';
import { NAME_LENGTH } from './names.ts';
import { Describe, Schema } from './schema.ts';

// Every field is optional: two components apply a part of the status each, and either may be the first.

/** Bounds of what a registry or a workload says. */
const TAG_LENGTH = 128;
const DIGEST_LENGTH = 256;
const MESSAGE_LENGTH = 4096;

export class Update {
  @Describe('The tag to move to.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The digest that the tag pointed at when the move was decided.')
  @IsOptional() @IsString() @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The rule that found the tag; spec.baseTag where the user changed that.')
  @IsOptional() @IsString() @MaxLength(256)
  rule?: string;

  @Describe('When the move was decided.')
  @Schema({ format: 'date-time' })
  @IsOptional() @IsString()
  since?: string;
}

export class WorkloadRollout {
  @Describe('Kind of the workload.')
  @IsOptional() @IsIn(WORKLOAD_KINDS)
  kind?: WorkloadKind;

  @Describe('Name of the workload.')
  @IsOptional() @IsString() @MaxLength(NAME_LENGTH)
  name?: string;

  @Describe("What the workload's pod template said of this Image before; absent where it said nothing.")
  @IsOptional() @IsString() @MaxLength(512)
  before?: string;

  @Describe('Of an Overridden workload whose pod template says nothing now: what its pods get until the next move.')
  @IsOptional() @IsString() @MaxLength(512)
  keeps?: string;

  @Describe('How far the workload is. Overridden: somebody else changed its annotation, and has the last word.')
  @IsOptional() @IsIn(WORKLOAD_PHASES)
  phase?: WorkloadPhase;

  @Describe('When the workload last made progress.')
  @Schema({ format: 'date-time' })
  @IsOptional() @IsString()
  since?: string;

  @Describe('What holds it up.')
  @IsOptional() @IsString() @MaxLength(MESSAGE_LENGTH)
  message?: string;
}

export class LeftAlone {
  @Describe('Kind of the workload.')
  @IsOptional() @IsIn(WORKLOAD_KINDS)
  kind?: WorkloadKind;

  @Describe('Name of the workload.')
  @IsOptional() @IsString() @MaxLength(NAME_LENGTH)
  name?: string;

  @Describe('Which container keeps what, and why.')
  @IsOptional() @IsString() @MaxLength(MESSAGE_LENGTH)
  message?: string;
}

export class LateRollout {
  @Describe('The tag that the Image was on already.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('Its digest.')
  @IsOptional() @IsString() @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The workloads that are brought to it, a row each.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional() @IsArray() @ArrayMaxSize(5000) @ValidateNested({ each: true }) @Type(() => WorkloadRollout)
  workloads?: WorkloadRollout[];
}

export class Rollout {
  @Describe('The tag that is rolled out.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('Its digest.')
  @IsOptional() @IsString() @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The spec.image that it was for.')
  @IsOptional() @IsString() @MaxLength(512)
  image?: string;

  @Describe('Progressing until every workload has its new pods ready (Healthy) or one does not get there (Failed).')
  @IsOptional() @IsIn(ROLLOUT_PHASES)
  phase?: RolloutPhase;

  @Describe('The time of the update that this rollout is of (status.update.since), by which the two belong together.')
  @Schema({ format: 'date-time' })
  @IsOptional() @IsString()
  since?: string;

  @Describe('Why it failed, or what it waits for.')
  @IsOptional() @IsString() @MaxLength(MESSAGE_LENGTH)
  message?: string;

  @Describe('The workloads that are rolled, a row each.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional() @IsArray() @ArrayMaxSize(5000) @ValidateNested({ each: true }) @Type(() => WorkloadRollout)
  workloads?: WorkloadRollout[];

  @Describe('The workloads in scope that name the repository and stay as they are because of their tags.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional() @IsArray() @ArrayMaxSize(5000) @ValidateNested({ each: true }) @Type(() => LeftAlone)
  leftAlone?: LeftAlone[];

  @Describe('Beside a rollout that failed: workloads that came into scope late, and are brought to the tag that the Image is on.')
  @IsOptional() @ValidateNested() @Type(() => LateRollout)
  late?: LateRollout;
}

export class Candidate {
  @Describe('A newer tag.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The rule that does not take it.')
  @IsOptional() @IsString() @MaxLength(256)
  rule?: string;

  @Describe('Why not.')
  @IsOptional() @IsString() @MaxLength(1024)
  reason?: string;
}

export class FirstSeen {
  @Describe('A tag that would be taken but for its age.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('What the tag points at.')
  @IsOptional() @IsString() @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('When kimup first saw that digest.')
  @Schema({ format: 'date-time' })
  @IsOptional() @IsString()
  time?: string;
}

export class HistoryEntry {
  @Describe('The tag that the Image was on.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  from?: string;

  @Describe('The tag that it moved to.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  to?: string;

  @Describe('The digest of that tag when the move was decided.')
  @IsOptional() @IsString() @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('The rule that found the tag; spec.baseTag where the user changed that.')
  @IsOptional() @IsString() @MaxLength(256)
  rule?: string;

  @Describe('When the move was decided.')
  @Schema({ format: 'date-time' })
  @IsOptional() @IsString()
  began?: string;

  @Describe('When it was known how it ended.')
  @Schema({ format: 'date-time' })
  @IsOptional() @IsString()
  ended?: string;

  @Describe('Healthy, or Failed: then the Image stayed where it was.')
  @IsOptional() @IsIn(HISTORY_OUTCOMES)
  outcome?: HistoryOutcome;

  @Describe('What the rollout said at its end.')
  @IsOptional() @IsString() @MaxLength(MESSAGE_LENGTH)
  message?: string;
}

export class Origin {
  @Describe('A tag that the Image was on, or started at.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The spec.baseTag that counted then.')
  @IsOptional() @IsString() @MaxLength(512)
  baseTag?: string;
}

/** What kimup found and did. The operator writes `rollout`, the controller all the rest. */
export class ImageStatus {
  @Describe('The tag that the Image is on: proven, and what new pods get.')
  @IsOptional() @IsString() @MaxLength(TAG_LENGTH)
  tag?: string;

  @Describe('The digest of that tag.')
  @IsOptional() @IsString() @MaxLength(DIGEST_LENGTH)
  digest?: string;

  @Describe('How the last refresh ended. Scheduled: an update is under way.')
  @IsOptional() @IsIn(REFRESH_RESULTS)
  result?: RefreshResult;

  @Describe('When the Image was last refreshed.')
  @Schema({ format: 'date-time' })
  @IsOptional() @IsString()
  time?: string;

  @Describe('The spec.image that this status was written for.')
  @IsOptional() @IsString() @MaxLength(512)
  image?: string;

  @Describe('The spec.baseTag that this status was written for.')
  @IsOptional() @IsString() @MaxLength(512)
  baseTag?: string;

  @Describe('The metadata.generation that the last refresh saw.')
  @Schema({ format: 'int64' })
  @IsOptional() @IsInt() @Min(0)
  observedGeneration?: number;

  @Describe('The move that was decided and is under way.')
  @IsOptional() @ValidateNested() @Type(() => Update)
  update?: Update;

  @Describe('What became of the move.')
  @IsOptional() @ValidateNested() @Type(() => Rollout)
  rollout?: Rollout;

  @Describe('Why newer tags are not taken: the most interesting ones, at most ten. kimup plan --explain tells of all.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional() @IsArray() @ArrayMaxSize(10) @ValidateNested({ each: true }) @Type(() => Candidate)
  candidates?: Candidate[];

  @Describe('For spec.tags.minimumAge: since when kimup knows the digests of tags that are still too young.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional() @IsArray() @ArrayMaxSize(100) @ValidateNested({ each: true }) @Type(() => FirstSeen)
  firstSeen?: FirstSeen[];

  @Describe('The last moves that ended, the oldest first, at most ten.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional() @IsArray() @ArrayMaxSize(HISTORY_LENGTH) @ValidateNested({ each: true }) @Type(() => HistoryEntry)
  history?: HistoryEntry[];

  @Describe('The tags that the Image was on before: on workloads they give way to its tag.')
  @Schema({ 'x-kubernetes-list-type': 'atomic' })
  @IsOptional() @IsArray() @ArrayMaxSize(ORIGINS_LENGTH) @ValidateNested({ each: true }) @Type(() => Origin)
  origins?: Origin[];

  @Describe('Ready, Reconciling, Stalled and others, for kubectl wait.')
  @Schema(CONDITIONS)
  @IsOptional() @IsArray() @ArrayMaxSize(32) @ValidateNested({ each: true }) @Type(() => Condition)
  conditions?: Condition[];
}
