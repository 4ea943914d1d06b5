import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { Condition, CONDITIONS } from './condition.ts';
import { Check, CustomResource, Default, Describe, Schema } from './schema.ts';
import { ValueOrValueFrom } from './value-or-value-from.ts';

/** A template of an alert's text: it is kept by the API server, so it may not be endless. */
const TEMPLATE_LENGTH = 16_384;
/** RFC 5321, section 4.5.3.1: a path, without its angle brackets. */
const ADDRESS_LENGTH = 254;

const TEMPLATE =
  'A Go template over .Namespace, .Name, .ImageName, .BaseTag, .ActualTag, .NewTag and .AvailableTags (a list).';

const notAnAlertConfig = Check(
  '!has(self.valueFrom) || !has(self.valueFrom.alertConfigRef)',
  'alertConfigRef is only allowed in the actions of an Image: use secretKeyRef or configMapKeyRef here',
);

export class DiscordSpec {
  @Describe('The URL of the Discord webhook. It is confidential: use secretKeyRef to take it from a Secret.')
  @notAnAlertConfig
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  webhookURL!: ValueOrValueFrom;

  @Describe(`The message. ${TEMPLATE}`)
  @IsOptional()
  @IsString()
  @MaxLength(TEMPLATE_LENGTH)
  templateBody?: string;
}

export class EmailSpec {
  @Describe('Host name or address of the SMTP server.')
  @notAnAlertConfig
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  host!: ValueOrValueFrom;

  @Describe('Port of the SMTP server.')
  @Default({ value: '25' })
  @notAnAlertConfig
  @Check(
    "!has(self.value) || self.value.matches('^[1-9][0-9]{0,4}$') && int(self.value) <= 65535",
    'must be a port number from 1 to 65535, in quotes',
    '.value',
  )
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  port?: ValueOrValueFrom;

  @Describe('User name for the SMTP server.')
  @notAnAlertConfig
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  username?: ValueOrValueFrom;

  @Describe('The password for username. Use secretKeyRef to take it from a Secret.')
  @notAnAlertConfig
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  password?: ValueOrValueFrom;

  @Describe('Sender address of the mail.')
  @IsString()
  @MinLength(1)
  @MaxLength(ADDRESS_LENGTH)
  fromAddress!: string;

  @Describe('Sender name of the mail.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  fromName?: string;

  @Describe('Recipient addresses of the mail.')
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MinLength(1, { each: true })
  @MaxLength(ADDRESS_LENGTH, { each: true })
  toAddress!: string[];

  @Describe('SMTP authentication method.')
  @IsOptional()
  @IsIn(['Unknown', 'Plain', 'Login', 'CRAMMD5', 'None', 'OAuth2'])
  auth?: string;

  @Describe('Host name that kimup sends to the SMTP server in EHLO.')
  @IsOptional()
  @IsString()
  @MaxLength(253)
  clientHost?: string;

  @Describe(
    'Auto: TLS if the server offers it. ExplicitTLS: STARTTLS is required. ImplicitTLS: TLS from the first byte. None: no encryption.',
  )
  @IsOptional()
  @IsIn(['Auto', 'None', 'ExplicitTLS', 'ImplicitTLS'])
  encryption?: string;

  @Describe('Send the body as HTML.')
  @IsOptional()
  @IsBoolean()
  useHTML?: boolean;

  @Describe('Use STARTTLS.')
  @IsOptional()
  @IsBoolean()
  useStartTLS?: boolean;

  @Describe(`The subject. ${TEMPLATE}`)
  @IsOptional()
  @IsString()
  @MaxLength(1024)
  templateSubject?: string;

  @Describe(`The body. ${TEMPLATE}`)
  @IsOptional()
  @IsString()
  @MaxLength(TEMPLATE_LENGTH)
  templateBody?: string;
}

/** Where the alerts go. */
export class AlertConfigSpec {
  @Describe('The Discord channel for alert-discord.')
  @IsOptional()
  @ValidateNested()
  @Type(() => DiscordSpec)
  discord?: DiscordSpec;

  @Describe('The mail settings for alert-email.')
  @IsOptional()
  @ValidateNested()
  @Type(() => EmailSpec)
  email?: EmailSpec;
}

export class AlertConfigStatus {
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
  kind: 'AlertConfig',
  plural: 'alertconfigs',
  singular: 'alertconfig',
  columns: [
    {
      name: 'Ready',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].status',
      description: 'Whether alerts can be sent with this AlertConfig.',
    },
    {
      name: 'Age',
      type: 'date',
      jsonPath: '.metadata.creationTimestamp',
      description: 'Time since the object was created.',
    },
  ],
})
@Describe(
  'An AlertConfig says where the alerts of Images in its namespace are sent, and with which text. It is accepted but not used yet.',
)
export class AlertConfig {
  @Describe('The desired state.')
  @IsOptional()
  @ValidateNested()
  @Type(() => AlertConfigSpec)
  spec?: AlertConfigSpec;

  @Describe('The observed state, written by kimup.')
  @IsOptional()
  @ValidateNested()
  @Type(() => AlertConfigStatus)
  status?: AlertConfigStatus;
}
