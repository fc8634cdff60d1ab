import { type Measured, type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds } from '../../support/until.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { pass, uploads } from '../wire/requests.ts';

export const postgresRestarted: Scenario = {
  name: 'postgres-restarted',
  injects: 'a restart of Postgres, then a crash of it (kill -9), while workers are in the middle of jobs',
  promises: 'all jobs are done, without a restart of API or worker',
  tested: 'never',
  ownPostgres: true,
  async run(fixture) {
    const worker = await fixture.startWorker();
    const { stop, crash, start } = fixture.ownPostgres();
    const measured: Measured = {};
    for (const [how, end] of Object.entries({ restart: stop, crash })) {
      const ids = await fixture.load(3, 2);
      const uploading = worker.aws.first('before', uploads, pass);
      await Promise.race([uploading, fixture.ended(ids)]);
      await end();
      await start();
      measured[`all jobs done after the ${how}, s`] = await seconds(() => fixture.ended(ids));
    }
    return measured;
  },
};

export const postgresUnavailable: Scenario = {
  name: 'postgres-away',
  injects:
    'Postgres refuses every connection for 30 s (3 s within npm test), while jobs run and clients send requests',
  promises:
    'published reads are served from cache, other requests are refused immediately with 503, and later all jobs are done with ' +
    'no attempt used up',
  tested: 'exhaustively',
  async run(fixture) {
    // Shorter than the outage of the long run, longer than that of the quick one.
    await fixture.startWorker({ LEASE_SECONDS: '10' });
    const slug = await fixture.makeStudy();
    await fixture.client.caseStudy.publish.mutate({
      portfolio: fixture.portfolio,
      slug,
      expectedVersion: '*',
    });
    const page = `${fixture.baseUrl}/api/v1/portfolios/${fixture.portfolio}/case-studies/${slug}`;
    const ids = await fixture.load(3, 3);
    holds((await fetch(page)).ok, 'the published study could not be read before the outage');
    for (const { postgres } of fixture.members()) postgres.down();
    const outage = await watchOutage(fixture, page, fixture.isQuick ? 3 : 30);
    for (const { postgres } of fixture.members()) postgres.up();
    const recovery = await seconds(() => fixture.ended(ids));
    await checkAttempts(fixture, ids);
    return { ...outage, 'all jobs done after the outage, s': recovery };
  },
};

/** Reads and writes as clients do until the outage is over; resolves to the figures. */
async function watchOutage({ baseUrl, portfolio, apiKey }: Fixture, page: string, outageSeconds: number) {
  const until = performance.now() + outageSeconds * 1000;
  let reads = 0;
  let slowestRefusal = 0;
  while (performance.now() < until) {
    const read = await fetch(page);
    holds(
      read.ok,
      `a published read answered ${read.status} while the database was unavailable: ${await read.text()}`,
    );
    reads++;
    const asked = seconds(async () => {
      const answer = await fetch(`${baseUrl}/api/v1/portfolios/${portfolio}/case-studies`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: '{"slug":"late","title":"Late"}',
      });
      holds(
        answer.status === 503,
        `a change was answered ${answer.status} while the database was unavailable`,
      );
      holds(answer.headers.has('retry-after'), 'a refusal has no Retry-After');
    });
    slowestRefusal = Math.max(slowestRefusal, await asked);
    await wait(50);
  }
  return { 'published reads during the outage': reads, 'slowest refusal, s': slowestRefusal };
}

/** An outage uses up no attempts: all are left, except the one that succeeded and those whose worker was lost. */
export async function checkAttempts(fixture: Fixture, ids: string[], mostLost = 0): Promise<void> {
  for (const id of ids) {
    const { state, attempt, maxAttempts } = await fixture.readJob(id);
    holds(state === 'succeeded', `${id} is ${state}`);
    holds(
      maxAttempts - attempt >= 4 - mostLost,
      `${id} has ${maxAttempts - attempt} attempts left after an outage`,
    );
  }
}
