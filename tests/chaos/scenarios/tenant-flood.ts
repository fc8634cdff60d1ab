import { type Scenario, holds } from '../scenario.ts';
import type { Scene } from '../scene.ts';
import { seconds } from '../../support/until.ts';

export const tenantFlood: Scenario = {
  name: 'tenant-flood',
  injects: 'one portfolio asks for 10,000 exports, then another one asks for its only one',
  promises: 'the only one is done before more than a few dozen of the 10,000 are',
  tested: 'never',
  async run(scene) {
    await scene.startWorker();
    const other = await scene.makePortfolio();
    const slug = await scene.makeStudy(other);
    const size = scene.isQuick ? 300 : 10_000;
    await flood(scene, size);
    const before = await countEnded(scene);
    const taken = await seconds(async () => scene.ended([await scene.accept(slug, other)]));
    const overtaken = (await countEnded(scene)) - before - 1;
    holds(overtaken < 60, `${overtaken} jobs of the flood were done before the other one's only job`);
    await cancelAll(scene);
    await scene.ended();
    return {
      'jobs of the flood': size,
      'of them done before the only one': overtaken,
      'the only one done after, s': taken,
    };
  },
};

/** Asks for exports of fifty studies, a few requests at a time. */
async function flood(scene: Scene, size: number): Promise<void> {
  const slugs = await Promise.all(Array.from({ length: 50 }, () => scene.makeStudy()));
  let asked = 0;
  const ask = async () => {
    while (asked < size) await scene.accept(slugs[asked++ % slugs.length]!);
  };
  await Promise.all(Array.from({ length: 8 }, ask));
}

async function countEnded({ sql, accepted }: Scene): Promise<number> {
  const [row] = await sql<[{ ended: number }]>`
    select count(*)::int as ended from jobs
    where id = any(${accepted.map(({ id }) => id)}) and state not in ('queued', 'running')`;
  return row.ended;
}

async function cancelAll({ client, portfolio }: Scene): Promise<void> {
  while ((await client.job.cancelMany.mutate({ portfolio })).hasMore);
}
