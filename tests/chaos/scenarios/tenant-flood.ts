import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds } from '../../support/until.ts';

export const tenantFlood: Scenario = {
  name: 'tenant-flood',
  injects: 'one portfolio requests 10,000 exports, then another one requests a single one',
  promises: 'the single one is done before more than a dozen of the 10,000 are',
  tested: 'never',
  async run(fixture) {
    await fixture.startWorker();
    const other = await fixture.makePortfolio();
    const slug = await fixture.makeStudy(other);
    const size = fixture.isQuick ? 300 : 10_000;
    await flood(fixture, size);
    const before = await countEnded(fixture);
    const taken = await seconds(async () => fixture.ended([await fixture.accept(slug, other)]));
    const overtaken = (await countEnded(fixture)) - before - 1;
    holds(overtaken <= 12, `${overtaken} jobs of the flood were done before the other one's only job`);
    await cancelAll(fixture);
    await fixture.ended();
    return {
      'jobs of the flood': size,
      'of them done before the only one': overtaken,
      'the only one done after, s': taken,
    };
  },
};

/** Requests exports of fifty studies, a few requests at a time. */
async function flood(fixture: Fixture, size: number): Promise<void> {
  const slugs = await Promise.all(Array.from({ length: 50 }, () => fixture.makeStudy()));
  let asked = 0;
  const ask = async () => {
    while (asked < size) await fixture.accept(slugs[asked++ % slugs.length]!);
  };
  await Promise.all(Array.from({ length: 8 }, ask));
}

async function countEnded({ sql, accepted }: Fixture): Promise<number> {
  const [row] = await sql<[{ ended: number }]>`
    select count(*)::int as ended from jobs
    where id = any(${accepted.map(({ id }) => id)}) and state not in ('queued', 'running')`;
  return row.ended;
}

async function cancelAll({ client, portfolio }: Fixture): Promise<void> {
  while ((await client.job.cancelMany.mutate({ portfolio })).hasMore);
}
