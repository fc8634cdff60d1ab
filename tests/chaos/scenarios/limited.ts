import { runsOf } from '../audit.ts';
import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { seconds } from '../../support/until.ts';

const workerCount = 2;
/** A quarter of the slots for exports of both workers. */
const settings = { WORKER_SLOTS: 'export.pdf=4', TENANT_SHARES: 'export.pdf=0.25' };
const limit = 2;
/** Workers that claim at the same moment do not see what the other one claims. */
const most = limit * workerCount;
const body = `# Head\n\n${'Some words make a long study. '.repeat(400)}\n\n`.repeat(4);

export const limited: Scenario = {
  name: 'limited',
  injects:
    "one tenant requests many exports, while each tenant may have a quarter of two workers' eight slots for exports",
  promises:
    'never more of its exports run at a time, except those that both workers claim at the same moment, and another tenant is not delayed',
  tested: 'exhaustively',
  async run(fixture) {
    for (let worker = 0; worker < workerCount; worker++) await fixture.startWorker(settings);
    const other = await fixture.makePortfolio();
    const slug = await fixture.makeStudy(other);
    const count = fixture.isQuick ? 20 : 80;
    const slugs = await Promise.all(Array.from({ length: count }, () => fixture.makeStudy(undefined, body)));
    const ids = await Promise.all(slugs.map((study) => fixture.accept(study)));
    fixture.watch(ids);
    const taken = await seconds(async () => fixture.ended([await fixture.accept(slug, other)]));
    const rest = await seconds(() => fixture.ended());
    holds(taken < rest, `another tenant's export took ${taken} s, and those behind the limit ${rest} s more`);
    const peak = await countConcurrent(fixture, ids);
    holds(peak <= most, `${peak} exports of one tenant ran at a time, with a limit of ${limit}`);
    holds(peak >= limit, `only ${peak} exports ran at a time, with a limit of ${limit}`);
    return {
      exports: count,
      'limit of a tenant': limit,
      'most at a time': peak,
      "another tenant's export, s": taken,
    };
  },
};

/** The most jobs that ran at the same time. */
async function countConcurrent({ readEvents }: Fixture, ids: string[]): Promise<number> {
  const runs = [...(await readEvents(ids)).values()].flatMap(runsOf);
  const changes = runs.flatMap(({ from, until }) => [
    { at: from, by: 1 },
    { at: until, by: -1 },
  ]);
  let running = 0;
  let most = 0;
  for (const { by } of changes.toSorted((one, next) => one.at - next.at || one.by - next.by)) {
    running += by;
    most = Math.max(most, running);
  }
  return most;
}
