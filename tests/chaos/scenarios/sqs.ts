import { setTimeout as wait } from 'node:timers/promises';
import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds } from '../../support/until.ts';
import type { Act, Outcome } from '../wire/rules.ts';
import { checkAttempts } from './postgres.ts';
import { hasMessages, internalError, isSqs, receives } from '../wire/requests.ts';

/** Makes SQS fail for API and workers while jobs are accepted; resolves to figures when all jobs are done. */
async function withoutSqs(fixture: Fixture, outcome: () => Outcome, outageSeconds: number) {
  await fixture.startWorker({ LEASE_SECONDS: '10' });
  const stops = fixture.members().map(({ aws }) => aws.always('before', isSqs, outcome));
  const over = wait(outageSeconds * 1000);
  const slug = await fixture.makeStudy();
  let slowest = 0;
  for (let asked = 0; asked < 3; asked++) {
    slowest = Math.max(slowest, await seconds(async () => fixture.watch([await fixture.accept(slug)])));
  }
  const meanwhile = await seconds(() => fixture.ended());
  await over;
  // Accepted in the outage, which the processes know of by now.
  const late = await seconds(async () => fixture.ended(await fixture.load(2, 1)));
  stops.forEach((stop) => stop());
  const after = await seconds(async () => fixture.ended(await fixture.load(2, 1)));
  await checkAttempts(
    fixture,
    fixture.accepted.map(({ id }) => id),
  );
  holds(slowest < 2, `a job was accepted only after ${slowest} s`);
  holds(Math.max(meanwhile, late) < maxSeconds, `jobs were done after ${meanwhile} s and ${late} s`);
  return {
    'slowest acceptance meanwhile, s': slowest,
    'done meanwhile after, s': meanwhile,
    'at the end of the outage after, s': late,
    'after the outage after, s': after,
  };
}

/** Some sweeps: without SQS, workers find jobs by these. */
const maxSeconds = 5;
const promises = 'jobs are accepted and done as ever, a little later at most, and no attempt is used up';

export const sqsFails: Scenario = {
  name: 'sqs-fails',
  injects: 'SQS answers every request with 500 for 20 s (2 s within npm test)',
  promises,
  tested: 'always',
  run: (fixture) => withoutSqs(fixture, internalError, fixture.isQuick ? 2 : 20),
};

export const sqsSilent: Scenario = {
  name: 'sqs-silent',
  injects: 'SQS takes every request and never answers, for 40 s (4 s within npm test)',
  promises,
  tested: 'exhaustively',
  run: (fixture) => withoutSqs(fixture, () => 'hang', fixture.isQuick ? 4 : 40),
};

export const sqsTwice: Scenario = {
  name: 'sqs-twice',
  injects: 'SQS delivers every message twice, the second time late, in any order, to whichever worker polls',
  promises: 'every job is done once',
  tested: 'never',
  async run(fixture) {
    const again: string[] = [];
    let repeated = 0;
    const keep: Act = (_, answer) => {
      if (hasMessages(answer)) again.push(answer);
      return 'pass';
    };
    const repeat: Act = () => {
      if (again.length < 2) return 'pass';
      const [body = ''] = again.splice(Math.floor(Math.random() * again.length), 1);
      repeated++;
      return { status: 200, body };
    };
    for (const worker of [await fixture.startWorker(longLease), await fixture.startWorker(longLease)]) {
      worker.aws.always('before', receives, repeat);
      worker.aws.always('after', receives, keep);
    }
    for (let round = 0; round < 8; round++) await fixture.ended(await fixture.load(2, 1));
    const started = await fixture.countEvents('started');
    const jobs = fixture.accepted.length;
    holds(started === jobs, `${jobs} jobs began ${started} attempts`);
    holds(repeated > 0, 'no message was delivered twice');
    return { jobs, 'messages delivered twice': repeated, 'attempts that began': started };
  },
};

/** A slow machine must not make a second attempt. */
const longLease = { LEASE_SECONDS: '20' };
