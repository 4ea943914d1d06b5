// The linter: what is wrong, or most likely wrong, is an error; so is an import that crosses a layer's wall.
import { defineConfig, type OxlintOverride } from 'oxlint';
import { walls } from './boundaries.config.ts';

/** What is no part of kimup itself, and is read as often. */
const AROUND = ['tools', 'bench', 'scripts', 'test/support'].map((folder) => `${folder}/**/*.{ts,mjs}`);

/**
 * A file is a page or two, a function fits on a screen: what is longer has a seam where it can be cut. In a test the callback of
 * describe() is no function, but a chapter.
 */
const SIZES: OxlintOverride[] = [
  {
    files: ['src/**/*.ts', ...AROUND],
    excludeFiles: ['**/*.test.ts'],
    rules: {
      'max-lines': ['error', { max: 300 }],
      'max-lines-per-function': ['error', { max: 40, IIFEs: true }],
    },
  },
];

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'promise', 'vitest'],
  categories: { correctness: 'error', suspicious: 'error' },
  env: { builtin: true },
  ignorePatterns: ['node_modules', '/build', '/dist', '/coverage'],
  rules: {
    // A module is imported once, its types too.
    'no-duplicate-imports': 'error',
    eqeqeq: ['error', 'always', { null: 'ignore' }],
    'no-console': 'off',
    // Modules of Nest are classes without members.
    'typescript/no-extraneous-class': 'off',
    // A name that hides another one of a wider scope is often the clearest name for it.
    'no-shadow': 'off',
    // These take every callback and every loop over what a callback sets for a mistake.
    'promise/always-return': 'off',
    'promise/no-promise-in-callback': 'off',
    'promise/no-multiple-resolved': 'off',
    'no-unmodified-loop-condition': 'off',
    'no-constant-condition': ['error', { checkLoops: 'allExceptWhileTrue' }],
    // A list that was just made may be sorted in place.
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    // A helper beside its one use reads better than one at the top of the file.
    'unicorn/consistent-function-scoping': 'off',
    // Names such as _continue are the API server's.
    'no-underscore-dangle': 'off',
    // Walking over a copy is how to walk over what changes meanwhile.
    'unicorn/no-useless-spread': 'off',
    'unicorn/no-empty-file': 'off',
    // What an error says is checked where it matters; a property checks within its branches.
    'vitest/require-to-throw-message': 'off',
    'vitest/no-conditional-expect': 'off',
    'vitest/expect-expect': 'off',
    'vitest/valid-title': 'off',
    'vitest/no-conditional-tests': 'off',
    // A test that can't be run on a machine says why; npm test counts it.
    'vitest/no-disabled-tests': 'off',
    'vitest/valid-expect': ['error', { maxArgs: 2 }],
    'vitest/require-mock-type-parameters': 'off',
  },
  overrides: [...walls, ...SIZES],
});
