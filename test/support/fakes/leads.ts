import type { LeaderElection } from '../../../src/application/ports/leadership.ts';
import { leading } from './fake-leader-election.ts';

/** A replica that leads for as long as the test runs. */
export const LEADS: LeaderElection = leading();
