import { type Scenario, holds } from '../scenario.ts';
import { productionTimes } from '../environment.ts';
import type { Fixture } from '../fixture.ts';
import { reachesReceivers, startReceiver } from '../receiver.ts';

/** About a second where the machine has nothing else to do: the exports keep its processors busy. */
const maxSeconds = 3;
/** Takes a good part of a second to lay out. */
const longBody =
  `# Head\n\n${'Some words make a long study with *emphasis* and `code`. '.repeat(100)}\n\n`.repeat(12);

export const fullKind: Scenario = {
  name: 'full-kind',
  injects:
    'ten tenants request 20 long exports each (four request 10 within npm test), then a webhook of another tenant is tested ' +
    '(settings of production)',
  promises: 'the message is delivered about as soon as without the exports',
  tested: 'exhaustively',
  async run(fixture) {
    await fixture.startWorker({ ...productionTimes, ...reachesReceivers });
    await using receiver = await startReceiver(fixture, fixture.portfolio);
    const idle = await receiver.test();
    const [tenants, each] = fixture.isQuick ? [4, 10] : [10, 20];
    const busy = await Promise.all(Array.from({ length: tenants }, () => fixture.makePortfolio()));
    for (const of of busy) await ask(fixture, of, each);
    const taken: number[] = [];
    for (let test = 0; test < 3; test++) taken.push(await receiver.test());
    const waiting = await countWaiting(fixture);
    await Promise.all(busy.map((portfolio) => fixture.client.job.cancelMany.mutate({ portfolio })));
    await fixture.ended();
    const slowest = Math.max(...taken);
    holds(waiting > 0, 'no export was waiting any longer');
    holds(
      slowest < maxSeconds,
      `a message was delivered after ${slowest} s, and after ${idle} s without exports`,
    );
    return {
      exports: tenants * each,
      'delivered without them after, s': idle,
      'behind them after, s': slowest,
    };
  },
};

async function ask(fixture: Fixture, of: string, each: number): Promise<void> {
  const slugs = await Promise.all(Array.from({ length: each }, () => fixture.makeStudy(of, longBody)));
  await Promise.all(slugs.map((slug) => fixture.accept(slug, of)));
}

async function countWaiting({ sql, accepted }: Fixture): Promise<number> {
  const [row] = await sql<[{ jobs: number }]>`
    select count(*)::int as jobs from jobs where state = 'queued' and id = any(${accepted.map(({ id }) => id)})`;
  return row.jobs;
}
