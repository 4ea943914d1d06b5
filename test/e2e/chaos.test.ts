// kimup while things are killed, frozen and cut off. `npm run test:long` does the same with bigger numbers.
import { chaos } from '../support/chaos/chaos.ts';

chaos({ kills: 2, awayMs: 10_000, images: 10 });
