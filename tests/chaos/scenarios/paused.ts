import { setTimeout as wait } from 'node:timers/promises';
import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds } from '../../support/until.ts';
import { reachesReceivers, startReceiver } from '../receiver.ts';

export const paused: Scenario = {
  name: 'paused',
  injects: "one tenant's exports are paused, then everything, while jobs are accepted; then all is resumed",
  promises:
    'nothing that is paused starts, and nothing else is delayed; once resumed, all jobs are done in their order',
  tested: 'exhaustively',
  async run(fixture) {
    await fixture.startWorker(reachesReceivers);
    const other = await fixture.makePortfolio();
    const slug = await fixture.makeStudy(other);
    await using receiver = await startReceiver(fixture, fixture.portfolio);
    await pause(fixture, { portfolio: fixture.portfolio, kind: 'export.pdf' });
    const ids = await fixture.load(3, 2);
    const others = await seconds(async () => fixture.ended([await fixture.accept(slug, other)]));
    const otherKind = await receiver.test();

    await pause(fixture, {});
    ids.push(await fixture.accept(slug, other));
    await wait(fixture.isQuick ? 1000 : 10_000);
    const started = await fixture.sql`select from job_events where type = 'started' and job_id = any(${ids})`;
    holds(started.length === 0, `${started.length} jobs started while they were paused`);

    await fixture.sql`delete from job_pauses`;
    const resumed = await seconds(() => fixture.ended());
    return {
      "another tenant's export, s": others,
      "the tenant's delivery, s": otherKind,
      'all jobs done after they were resumed, s': resumed,
    };
  },
};

/** Pauses a kind or all kinds (by default) of a portfolio or of all portfolios (by default). */
async function pause({ sql }: Fixture, { portfolio, kind }: { portfolio?: string; kind?: string }) {
  await sql`
    insert into job_pauses (portfolio_id, kind, reason)
    values ((select id from portfolios where slug = ${portfolio ?? null}), ${kind ?? null}, 'A test.')`;
}
