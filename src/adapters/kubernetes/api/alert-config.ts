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
  'alertConfigRef is for the actions of an Image: take secretKeyRef or configMapKeyRef here',
);

export class DiscordSpec {
  @Describe('The URL of the Discord webhook. It is a secret: better from a Secret.')
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
    'not a port: a number from 1 to 65535, in quotes',
    '.value',
  )
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  port?: ValueOrValueFrom;

  @Describe('Who kimup is to the SMTP server.')
  @notAnAlertConfig
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  username?: ValueOrValueFrom;

  @Describe('The password of username. Better from a Secret.')
  @notAnAlertConfig
  @IsOptional()
  @ValidateNested()
  @Type(() => ValueOrValueFrom)
  password?: ValueOrValueFrom;

  @Describe('The address that the mail comes from.')
  @IsString()
  @MinLength(1)
  @MaxLength(ADDRESS_LENGTH)
  fromAddress!: string;

  @Describe('The name that the mail comes from.')
  @IsOptional()
  @IsString()
  @MaxLength(256)
  fromName?: string;

  @Describe('The addresses that the mail goes to.')
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MinLength(1, { each: true })
  @MaxLength(ADDRESS_LENGTH, { each: true })
  toAddress!: string[];

  @Describe('How kimup says who it is.')
  @IsOptional()
  @IsIn(['Unknown', 'Plain', 'Login', 'CRAMMD5', 'None', 'OAuth2'])
  auth?: string;

  @Describe('The name by which kimup greets the SMTP server.')
  @IsOptional()
  @IsString()
  @MaxLength(253)
  clientHost?: string;

  @Describe(
    'Auto: TLS where the server offers it. ExplicitTLS: STARTTLS or nothing. ImplicitTLS: TLS from the first byte. None: in the clear.',
  )
  @IsOptional()
  @IsIn(['Auto', 'None', 'ExplicitTLS', 'ImplicitTLS'])
  encryption?: string;

  @Describe('Send the body as HTML.')
  @IsOptional()
  @IsBoolean()
  useHTML?: boolean;

  @Describe('Ask for STARTTLS.')
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
  @Describe('A channel of Discord, for alert-discord.')
  @IsOptional()
  @ValidateNested()
  @Type(() => DiscordSpec)
  discord?: DiscordSpec;

  @Describe('Mail, for alert-email.')
  @IsOptional()
  @ValidateNested()
  @Type(() => EmailSpec)
  email?: EmailSpec;
}

export class AlertConfigStatus {
  @Describe('The metadata.generation that the conditions speak of.')
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
      description: 'Whether alerts can be sent with it.',
    },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp', description: 'When it was made.' },
  ],
})
@Describe(
  'An AlertConfig says where the alerts of Images in its namespace go, and with which words. Accepted and not acted on yet.',
)
export class AlertConfig {
  @Describe('What is wanted.')
  @IsOptional()
  @ValidateNested()
  @Type(() => AlertConfigSpec)
  spec?: AlertConfigSpec;

  @Describe('What kimup found.')
  @IsOptional()
  @ValidateNested()
  @Type(() => AlertConfigStatus)
  status?: AlertConfigStatus;
}
