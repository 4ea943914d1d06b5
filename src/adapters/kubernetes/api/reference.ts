import { IsBoolean, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { DATA_KEY, NAME, NAME_LENGTH } from './names.ts';
import { Describe, Schema } from './schema.ts';

/** An object of the same namespace, by name. */
@Schema({ 'x-kubernetes-map-type': 'atomic' })
export class LocalObjectReference {
  @Describe('Name of the object, in the same namespace.')
  @IsString()
  @MinLength(1)
  @MaxLength(NAME_LENGTH)
  @Matches(NAME)
  name!: string;
}

/** A key of a Secret or ConfigMap of the same namespace. */
@Schema({ 'x-kubernetes-map-type': 'atomic' })
export class KeyReference {
  @Describe('Name of the Secret or ConfigMap, in the same namespace.')
  @IsString()
  @MinLength(1)
  @MaxLength(NAME_LENGTH)
  @Matches(NAME)
  name!: string;

  @Describe('Key in the Secret or ConfigMap whose value is used.')
  @IsString()
  @MinLength(1)
  @MaxLength(NAME_LENGTH)
  @Matches(DATA_KEY)
  key!: string;

  @Describe('Continue without a value if the object or the key does not exist.')
  @IsOptional()
  @IsBoolean()
  optional?: boolean;
}
