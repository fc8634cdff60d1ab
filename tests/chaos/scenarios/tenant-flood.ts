import { type Scenario, holds } from '../scenario.ts';
import type { Scene } from '../scene.ts';
import { seconds } from '../until.ts';

export const tenantFlood: Scenario = {
  name: 'tenant-flood',
  injects:
    'one portfolio asks for 10,000 exports (300 within npm test), then another one asks for its only one',
  promises: 'the only one is done while nearly all of the 10,000 still wait',
  quick: true,
  async run(scene) {
    await scene.startWorker();
    const other = await scene.makePortfolio();
    const slug = await scene.makeStudy(other);
    const size = scene.isQuick ? 300 : 10_000;
    await flood(scene, size);
    let id = '';
    const taken = await seconds(async () => {
      id = await scene.accept(slug, other);
      await scene.ended([id]);
    });
    const [{ left }] = await scene.sql<[{ left: number }]>`
      select count(*)::int as left from jobs where state = 'queued' and id <> ${id}`;
    holds(left > size * 0.7, `only ${left} of ${size} jobs were left when the other one was done`);
    await cancelAll(scene);
    await scene.ended();
    return { 'jobs of the flood': size, 'of them left': left, "the other one's job done after, s": taken };
  },
};

/** Asks for exports of ten studies, a few requests at a time. */
async function flood(scene: Scene, size: number): Promise<void> {
  const slugs = await Promise.all(Array.from({ length: 50 }, () => scene.makeStudy()));
  let asked = 0;
  const ask = async () => {
    while (asked < size) await scene.accept(slugs[asked++ % slugs.length]!);
  };
  await Promise.all(Array.from({ length: 8 }, ask));
}

async function cancelAll({ client, portfolio }: Scene): Promise<void> {
  while ((await client.job.cancelMany.mutate({ portfolio })).hasMore);
}
