import { Type } from 'class-transformer';
import { IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import { KeyReference, LocalObjectReference } from './reference.ts';
import { Check, Describe } from './schema.ts';

@Check(
  '[has(self.secretKeyRef), has(self.configMapKeyRef), has(self.alertConfigRef)].exists_one(set, set)',
  'set exactly one of secretKeyRef, configMapKeyRef and alertConfigRef',
  undefined,
  ({ secretKeyRef, configMapKeyRef, alertConfigRef }: ValueSource) =>
    [secretKeyRef, configMapKeyRef, alertConfigRef].filter((one) => one !== undefined).length === 1,
)
export class ValueSource {
  @Describe('A key of a Secret.')
  @IsOptional()
  @ValidateNested()
  @Type(() => KeyReference)
  secretKeyRef?: KeyReference;

  @Describe('A key of a ConfigMap.')
  @IsOptional()
  @ValidateNested()
  @Type(() => KeyReference)
  configMapKeyRef?: KeyReference;

  @Describe('The AlertConfig that says where an alert is sent. For actions only.')
  @IsOptional()
  @ValidateNested()
  @Type(() => LocalObjectReference)
  alertConfigRef?: LocalObjectReference;
}

/** A value, given here or found in another object of the same namespace. */
@Check(
  'has(self.value) != has(self.valueFrom)',
  'set exactly one of value and valueFrom',
  undefined,
  ({ value, valueFrom }: ValueOrValueFrom) => (value === undefined) !== (valueFrom === undefined),
)
export class ValueOrValueFrom {
  @Describe('The value.')
  @IsOptional()
  @IsString()
  @MaxLength(4096)
  value?: string;

  @Describe('Where the value comes from, in the same namespace.')
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueSource)
  valueFrom?: ValueSource;
}
