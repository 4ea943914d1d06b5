import { Module } from '@nestjs/common';
import { RuleCache } from '../application/images/rule-cache.ts';

/** The rules that Images ask for, built once for all that ask for the same. */
@Module({ providers: [RuleCache], exports: [RuleCache] })
export class RulesModule {}
