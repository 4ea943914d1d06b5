import { crontabContract } from '../contracts/crontab.contract.ts';
import { FakeCrontab } from '../support/fakes/fake-crontab.ts';

crontabContract('FakeCrontab', () => ({
  crontab: new FakeCrontab(),
  every15Seconds: 'every 15 s',
  everyHour: 'every 3600 s',
  wrong: ['*/15 * * * * *', 'every 15 m', ' every 15 s'],
  never: ['every 0 s'],
}));
