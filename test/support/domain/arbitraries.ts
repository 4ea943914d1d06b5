import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

/** Tags that are versions, of many shapes. */
export const versionTag = fc
  .tuple(
    fc.constantFrom('', '', '', 'v'),
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.array(fc.nat(12), { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join('.')),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom('23', '24', '2023', '2024'), fc.integer({ min: 1, max: 13 }), fc.nat(28))
          .map(([y, m, d]) => `${y}.${String(m).padStart(d % 3, '0')}.${d}`),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          '20240102',
          '20240103',
          '123456',
          '00001',
          '99999',
          '1.100123',
          '2.6.3.0',
          '1.9007199254740993',
          '1.9007199254740992',
          '1.1000000000000000000000',
        ),
      },
    ),
    fc.constantFrom('', '', '', '', '-rc1', '-rc.2', 'RC10', '-ea', '-beta', '-dev.3', '.dev4'),
    fc.constantFrom('', '', '', '', '-1', '_2', '-20240102', '_1_2', '-b12', '_B9', '-b99999'),
    fc.constantFrom(
      '',
      '',
      '',
      '',
      '-alpine',
      '-slim',
      '-build.7',
      '-build.10-slim',
      '.Final',
      '-debian-9-r9',
      '-debian-9-r10',
      '-a1b2c3d',
      '-9f8e7d6',
    ),
  )
  .map((parts) => parts.join(''));

/** Versions mostly, and words. */
export const anyTag = fc.oneof(
  { weight: 9, arbitrary: versionTag },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      'latest',
      'bookworm',
      '8u242',
      'main-9',
      'main-10',
      'main-9-abc',
      'main-9-a1b2c3d',
      'main-10-9f8e7d6',
      '1e10',
      'deadbeef',
      '1.5',
      `sha256-${'0'.repeat(64)}.sig`,
      'A_b',
      'x'.repeat(128),
    ),
  },
);

/** The tags of a real repository, as it listed them over the years. */
export const realTags: fc.Arbitrary<readonly string[]> = fc.constantFrom(
  ...Object.values(
    JSON.parse(readFileSync(join(import.meta.dirname, '../../data/real-tags.json'), 'utf8')) as Record<string, string>,
  )
    .map((tags) => tags.split(' '))
    .filter((tags) => tags.length > 1),
);
