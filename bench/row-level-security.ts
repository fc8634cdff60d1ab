/**
 * The cost of row-level security for a read: `node bench/row-level-security.ts`. Times the statement that reads a case study
 * with and without a policy. Takes about a minute, on loopback. Only ratios are comparable between machines.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { startPostgres } from '../dev/postgres.ts';
import { migrate } from '../packages/core/src/runtime/migrate.ts';

const tenants = 200;
const studiesEach = 20;
const poolSize = 4;
const readers = 16;
const rounds = 6;
const roundMilliseconds = 2000;

const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
const server = await startPostgres({ dataDir: folder, durable: false });
const owner = postgres(server.url, { max: 1, onnotice: () => {} });

/** Neither role owns the table; the policy applies only to `confined`. */
async function createFixture() {
  await migrate({ url: server.url });
  await owner.unsafe(`
    insert into portfolios (id, slug, name, tagline, description)
      select 'pf-' || t, 'team-' || t, 'Team', '', '' from generate_series(1, ${tenants}) t;
    insert into case_studies (id, portfolio_id, slug, title, summary, body, tags, language, status)
      select 'cs-' || t || '-' || s, 'pf-' || t, 'study-' || s, 'Study', '', repeat('Some words. ', 300), '{}', 'en', 'published'
      from generate_series(1, ${tenants}) t, generate_series(1, ${studiesEach}) s;
    create role trusted login bypassrls password 'trusted';
    create role confined login password 'confined';
    grant select on case_studies, portfolios to trusted, confined;
    alter table case_studies enable row level security;
    create policy own on case_studies using (portfolio_id = current_setting('app.tenant', true))`);
  await owner`vacuum analyze`;
}

function connect(role: string, tenant = '') {
  const url = new URL(server.url);
  url.username = role;
  url.password = role;
  return postgres(url.href, { max: poolSize, connection: { 'app.tenant': tenant } });
}

const select = (sql: postgres.ISql, portfolioId: string, slug: string) => sql`
  select json_build_object('id', c.id, 'portfolio', p.slug, 'slug', c.slug, 'title', c.title, 'summary', c.summary,
    'tags', c.tags, 'language', c.language, 'status', c.status, 'version', c.version, 'body', c.body) as json
  from case_studies c join portfolios p on p.id = c.portfolio_id
  where c.portfolio_id = ${portfolioId} and c.slug = ${slug}`;

const oneTenant = 'pf-1';
const trusted = connect('trusted');
const confined = connect('confined');
const confinedToOne = connect('confined', oneTenant);

type Read = (portfolioId: string, slug: string) => Promise<{ length: number }>;
const ways: Record<string, Read> = {
  'one statement, no policy': (portfolioId, slug) => select(trusted, portfolioId, slug),
  'a policy, its tenant fixed for the connection': (_, slug) => select(confinedToOne, oneTenant, slug),
  'a policy, its tenant set in a transaction': async (portfolioId, slug) => {
    const [, rows] = await confined.begin((tx) => [
      tx`select set_config('app.tenant', ${portfolioId}, true)`,
      select(tx, portfolioId, slug),
    ]);
    return rows;
  },
};

const at = (sorted: number[], fraction: number) => sorted[Math.floor(sorted.length * fraction)]!;
const median = (values: number[]) =>
  at(
    values.toSorted((a, b) => a - b),
    0.5,
  );

/** Reads concurrently for a while; resolves to rate and latencies. */
async function readFor(milliseconds: number, read: Read) {
  const latencies: number[] = [];
  const end = performance.now() + milliseconds;
  async function reader() {
    while (performance.now() < end) {
      const [tenant, study] = [tenants, studiesEach].map((count) => 1 + Math.floor(Math.random() * count));
      const begun = performance.now();
      const rows = await read(`pf-${tenant}`, `study-${study}`);
      if (rows.length !== 1) throw new Error(`Expected one study, got ${rows.length}.`);
      latencies.push(performance.now() - begun);
    }
  }
  await Promise.all(Array.from({ length: readers }, reader));
  latencies.sort((a, b) => a - b);
  return {
    rate: (latencies.length / milliseconds) * 1000,
    p50: at(latencies, 0.5),
    p99: at(latencies, 0.99),
  };
}

try {
  await createFixture();
  const [leaked] = await confined`select count(*)::int as studies from case_studies`;
  if (leaked!.studies !== 0) throw new Error('The policy is not enforced.');
  const measured = new Map<string, Awaited<ReturnType<typeof readFor>>[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const [name, read] of Object.entries(ways)) {
      const result = await readFor(roundMilliseconds, read);
      // The first round warms up.
      if (round > 0) measured.set(name, [...(measured.get(name) ?? []), result]);
    }
  }
  const base = median([...measured.values()][0]!.map(({ rate }) => rate));
  console.table(
    Object.fromEntries(
      [...measured].map(([name, results]) => {
        const rate = median(results.map((result) => result.rate));
        return [
          name,
          {
            'reads/s': Math.round(rate),
            'of the first': (rate / base).toFixed(2),
            'p50 ms': median(results.map(({ p50 }) => p50)).toFixed(2),
            'p99 ms': median(results.map(({ p99 }) => p99)).toFixed(2),
          },
        ];
      }),
    ),
  );
} finally {
  await Promise.all([owner, trusted, confined, confinedToOne].map((sql) => sql.end()));
  await server.stop();
  await rm(folder, { recursive: true });
}
