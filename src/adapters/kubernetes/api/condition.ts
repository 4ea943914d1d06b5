import { IsIn, IsInt, IsOptional, IsString, Matches, MaxLength, Min } from 'class-validator';
import { Describe, Schema } from './schema.ts';

/** metav1.Condition. Only the key of the list is required: each status is applied in parts. */
export class Condition {
  @Describe('Type of the condition, e.g. Ready.')
  @IsString()
  @MaxLength(316)
  @Matches(/^([-.a-zA-Z0-9]+\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/)
  type!: string;

  @Describe('Status of the condition: True, False or Unknown.')
  @IsOptional()
  @IsIn(['True', 'False', 'Unknown'])
  status?: 'True' | 'False' | 'Unknown';

  @Describe('Machine-readable reason for the status, in CamelCase.')
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  reason?: string;

  @Describe('Human-readable explanation, and what to do.')
  @IsOptional()
  @IsString()
  @MaxLength(32768)
  message?: string;

  @Describe('The metadata.generation that the condition refers to.')
  @Schema({ format: 'int64' })
  @IsOptional()
  @IsInt()
  @Min(0)
  observedGeneration?: number;

  @Describe('When status last changed.')
  @Schema({ format: 'date-time' })
  @IsOptional()
  @IsString()
  lastTransitionTime?: string;
}

/** The keywords of a list of conditions: server-side apply merges it by type. */
export const CONDITIONS: Schema = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] };
