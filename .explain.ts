import { mkdtempSync, rmSync } from 'node:fs';
import { openDatabase } from '/tmp/h/schedule/packages/core/src/runtime/database.ts';
import { migrate } from '/tmp/h/schedule/packages/core/src/runtime/migrate.ts';
import { startPostgres } from '/tmp/h/schedule/dev/postgres.ts';
import {
  pruneJobEvents,
  removeOldDeliveries,
  removeOldJobs,
} from '/tmp/h/schedule/packages/core/src/schedule/retention.ts';
import { removeUnreferenced } from '/tmp/h/schedule/packages/core/src/removable-object/remove.ts';
import { forgetAnswers } from '/tmp/h/schedule/packages/core/src/change.ts';
const dir = mkdtempSync('/tmp/h/explain-');
const server = await startPostgres({ dataDir: dir + '/pg', durable: false });
await migrate(server.url);
const { db, sql, close } = openDatabase({ url: server.url, poolSize: 2, applicationName: 'x' });
const t = async (name, f) => {
  const s = performance.now();
  const r = await f();
  console.log(name, r ?? '', Math.round(performance.now() - s), 'ms');
};
await sql`insert into portfolios (id, slug, name, tagline, description) values ('pf_1','a','a','','')`;
await sql`insert into case_studies (id, portfolio_id, slug, title, summary, body, tags, language) select 'cs_'||n, 'pf_1', 's'||n, 't','','', '{}', 'en' from generate_series(1,5000) n`;
await sql`insert into webhooks (id, portfolio_id, url, description, events, secret) values ('wh_1','pf_1','https://x.example','','{}','s')`;
await t(
  'jobs',
  async () =>
    (
      await sql`insert into jobs (id, portfolio_id, kind, title, state, group_key, payload, requested_by, max_attempts, last_seq, result, finished_at, created_at)
 select 'job_'||lpad(n::text,8,'0'), 'pf_1', case when n%2=0 then 'export.pdf' else 'webhook.deliver' end, 't', 'succeeded', 'export:cs_'||(n%5000+1), jsonb_build_object('caseStudyId','cs_'||(n%5000+1)), 'x', 5, 4,
 case when n%2=0 then jsonb_build_object('key','exports/pf_1/job_'||n||'/1.pdf','studyVersion', (select version from case_studies where id='cs_'||(n%5000+1)) - (n%7)) else '{"responseStatus":200}' end,
 now() - interval '100 days' * (1 - n/500000.0), now() - interval '100 days' * (1 - n/500000.0) from generate_series(1,500000) n`
    ).count,
);
await t(
  'events',
  async () =>
    (
      await sql`insert into job_events (job_id, seq, type, state, attempt, progress) select id, s, 'progress','running',1,0 from jobs, generate_series(1,4) s`
    ).count,
);
await t(
  'deliveries',
  async () =>
    (
      await sql`insert into webhook_deliveries (id, webhook_id, job_id, message_id, event, payload, state, created_at) select 'dlv_'||id, 'wh_1', id, 'm', 'job.failed', '{}', 'delivered', created_at from jobs where kind='webhook.deliver'`
    ).count,
);
await t(
  'keys',
  async () =>
    (
      await sql`insert into idempotency_keys (principal, operation, key, request_hash, response, created_at) select 'p','o',n::text,'h','{}', now() - interval '30 hours' * (n/500000.0) from generate_series(1,500000) n`
    ).count,
);
await t(
  'notes',
  async () =>
    (
      await sql`insert into removable_objects (key, since) select 'exports/pf_1/job_'||lpad(n::text,8,'0')||'/1.pdf', now() - interval '30 hours' * (n/500000.0) from generate_series(1,500000) n`
    ).count,
);
await sql`analyze`;
const explain = async (name, q) => {
  console.log('\n== ' + name);
  for (const r of await sql.unsafe('explain (analyze, buffers, timing off) ' + q))
    console.log(r['QUERY PLAN']);
};
let logged;
const text = async (f) => {
  const seen = [];
  sql.options.debug = (_c, q, p) => seen.push([q, p]);
  await f().catch(() => {});
  sql.options.debug = undefined;
  return seen;
};
const never = new AbortController().signal;
const inline = ([q, p]) =>
  q.replace(/\$(\d+)/g, (_, i) => (typeof p[i - 1] === 'number' ? String(p[i - 1]) : `'${p[i - 1]}'`));
// capture by aborting after the first batch
const capture = async (f) => {
  const c = new AbortController();
  const seen = [];
  sql.options.debug = (_c, q, p) => {
    seen.push([q, p]);
    c.abort();
  };
  await f(c.signal).catch(() => {});
  sql.options.debug = undefined;
  return seen.map(inline).filter((s) => /delete|select key|removable/.test(s));
};
const now = Date.now();
const period = { from: new Date(now - 3_600_000).toISOString(), to: new Date(now).toISOString() };
await t('prune events of an hour', () => pruneJobEvents(db, period, never));
const ex = async (name, f) => {
  await sql`begin`.catch(() => {});
};
for (const [name, f] of [
  ['old jobs', (s) => removeOldJobs(db, s)],
  [
    'job events',
    (s) =>
      pruneJobEvents(
        db,
        { from: new Date(now - 7_200_000).toISOString(), to: new Date(now - 3_600_000).toISOString() },
        s,
      ),
  ],
  ['deliveries', (s) => removeOldDeliveries(db, s)],
  ['answers', (s) => forgetAnswers(db, s)],
]) {
  const [q] = await capture(f);
  await explain(name, q);
}
await t('all old jobs', () => removeOldJobs(db, never));
await t('all old jobs, again', () => removeOldJobs(db, never));
await t('all old deliveries', () => removeOldDeliveries(db, never));
await t('again', () => removeOldDeliveries(db, never));
await t('all answers', () => forgetAnswers(db, never));
await t('again', () => forgetAnswers(db, never));
let removed = 0;
const bucket = { remove: async () => void removed++ };
await t('objects', () => removeUnreferenced({ db, bucket }, never));
console.log({ removed });
console.log(await sql`select count(*)::int from jobs`);
await close();
await server.stop();
rmSync(dir, { recursive: true });
