// The chaos of test/e2e, for as long as it takes.
import { chaos } from '../support/chaos/chaos.ts';

chaos({ kills: 20, awayMs: 60_000, images: 50 });
