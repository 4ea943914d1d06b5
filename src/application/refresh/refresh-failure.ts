import type { RefreshOutcome } from '../../domain/image/refresh-outcome.ts';
import { InvalidImageReferenceError } from '../../domain/reference/reference-grammar.ts';
import { InvalidRuleError } from '../../domain/tag/invalid-rule-error.ts';
import { PullSecretsError } from '../ports/secret-reader.ts';
import { RegistryError } from '../ports/tag-registry.ts';

/** What an error of a refresh means, in the words of `status.result`. */
export function refreshFailure(error: unknown): RefreshOutcome {
  if (error instanceof InvalidImageReferenceError) {
    return {
      kind: 'stalled',
      result: 'GetImageError',
      reason: 'InvalidImage',
      message: `spec.image: ${error.message}`,
    };
  }
  if (error instanceof InvalidRuleError) {
    return { kind: 'stalled', result: 'GetRuleError', reason: 'InvalidRule', message: error.message };
  }
  if (error instanceof PullSecretsError) {
    return { kind: 'retry', result: 'PullSecretsError', reason: 'PullSecretsError', message: error.message };
  }
  if (error instanceof RegistryError) {
    // A repository that is not there, or an answer that is none, is about the tags; all else about the registry.
    const result = error.code === 'not-found' || error.code === 'invalid-answer' ? 'TagsError' : 'RegistryError';
    return { kind: 'retry', result, reason: result, message: error.message, retryAfterMs: error.retryAfterMs };
  }
  return {
    kind: 'retry',
    result: 'Error',
    reason: 'Error',
    message: 'the refresh failed with an unexpected error; see the log of kimup-controller',
    unforeseen: error,
  };
}
