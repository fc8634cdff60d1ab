import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import { killAtEach } from './worker-killed.ts';

const bytes = Buffer.alloc(300_000, 'figures of a source, ');
const sha256 = createHash('sha256').update(bytes).digest('hex');

export const syncKilled: Scenario = {
  name: 'sync-killed',
  injects:
    'kill -9 of a worker at every step of a sync of evidence, whose effects are in the database as well',
  promises: 'each evidence has exactly one, complete version, and no downloads are left over',
  tested: 'never',
  async run(fixture) {
    const source = createServer((_, response) => {
      response.writeHead(200, { etag: '"one"', 'content-length': bytes.length }).end(bytes);
    }).listen(0, '127.0.0.1');
    await once(source, 'listening');
    try {
      const { port } = source.address() as AddressInfo;
      const settings = { OUTBOUND_ALLOW_PRIVATE: 'true' };
      const measured = await killAtEach(
        fixture,
        () => askForSync(fixture, `http://127.0.0.1:${port}/`),
        settings,
      );
      await checkVersions(fixture);
      return measured;
    } finally {
      source.closeAllConnections();
      source.close();
    }
  },
};

/** Requests the first sync of new evidence; resolves to the id of the job. */
async function askForSync({ client, portfolio, sql, accepted }: Fixture, sourceUrl: string): Promise<string> {
  const at = { portfolio, slug: `evidence-${accepted.length}` };
  const created = await client.evidence.create.mutate({
    ...at,
    title: at.slug,
    sourceUrl: 'https://a.example/',
  });
  // The API takes https only, which the source of this scenario does not speak.
  await sql`update evidence set source_url = ${sourceUrl} where id = ${created.id}`;
  const askedAt = performance.now();
  const { id } = await client.evidence.sync.mutate(at);
  accepted.push({ id, askedAt, answeredAt: performance.now() });
  return id;
}

async function checkVersions({ client, portfolio, sql, accepted }: Fixture): Promise<void> {
  for (const index of accepted.keys()) {
    const at = { portfolio, slug: `evidence-${index}` };
    const { items } = await client.evidence.versions.query(at);
    const found = items.map((version) => `${version.number} ${version.sha256}`);
    holds(found.join() === `1 ${sha256}`, `${at.slug} has the versions ${found.join()}`);
  }
  const [left] = await sql<[{ rows: number }]>`select count(*)::int as rows from evidence_downloads`;
  holds(left.rows === 0, `${left.rows} downloads are left over`);
}
