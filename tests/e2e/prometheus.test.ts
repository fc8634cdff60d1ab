import { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
import { contract } from '@portfolio/core/telemetry/contract';
import type { AnyInstrument } from '@portfolio/core/telemetry/instrument';
import { prometheusName } from '@portfolio/core/telemetry/prometheus-name';
import { listenHttp } from '@portfolio/core/runtime/listen-http';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPrometheus } from '../../dev/prometheus.ts';
import { eventually } from '../support/eventually.ts';
import { testFolder } from '../support/folder.ts';
import { freePort, startPlatform } from '../support/stack.ts';

const portfolio = 'portfolio-engineering';
const study = { portfolio, slug: 'outbox-and-leases' };
const jobOf = { api: 'portfolio-api', worker: 'portfolio-worker' } as const;

const hasPrometheus = spawnSync('promtool', ['--version']).status === 0;

type Series = { metric: Record<string, string>; values: [number, string][] };

describe.skipIf(!hasPrometheus)('Prometheus (needs the Debian package prometheus)', () => {
  let platform: Awaited<ReturnType<typeof startPlatform>>;
  let prometheus: NonNullable<Awaited<ReturnType<typeof startPrometheus>>>;
  let metricsUrls: string[];
  const parts = new AsyncDisposableStack();
  beforeAll(async () => {
    const folder = await testFolder();
    const [apiPort, workerPort] = [await freePort(), await freePort()];
    const workerSettings = {
      METRICS_PORT: String(workerPort),
      LEASE_SECONDS: '2',
      SWEEP_SECONDS: '0.2',
      RETRY_FACTOR: '0.01',
      OUTBOUND_ALLOW_PRIVATE: 'true',
    };
    const apiSettings = { METRICS_PORT: String(apiPort), RATE_LIMIT_ANONYMOUS_PER_MINUTE: '60' };
    platform = await startPlatform(folder, workerSettings, apiSettings);
    parts.defer(() => platform.stop());
    const addresses = [apiPort, workerPort].map((port) => `127.0.0.1:${port}`);
    metricsUrls = addresses.map((address) => `http://${address}/metrics`);
    const targets = { [jobOf.api]: addresses[0]!, [jobOf.worker]: addresses[1]! };
    const started = await startPrometheus({ folder: join(folder, 'prometheus'), targets, scrapeSeconds: 1 });
    prometheus = started!;
    parts.defer(() => prometheus.stop());
  });
  afterAll(() => parts.disposeAsync());

  /** All that Prometheus has read from a program, also before a restart of it. */
  async function readSeries(program: 'api' | 'worker'): Promise<Series[]> {
    const query = encodeURIComponent(`{job="${jobOf[program]}"}[1h]`);
    const response = await fetch(`${prometheus.baseUrl}/api/v1/query?query=${query}`);
    const { data } = (await response.json()) as { data: { result: Series[] } };
    return data.result;
  }

  /** The instruments that a program has, and has never had a value for. A count of 0 is none. */
  async function findUnseen(program: 'api' | 'worker'): Promise<string[]> {
    const seen = new Map<string, number>();
    for (const { metric, values } of await readSeries(program)) {
      const largest = Math.max(...values.map(([, value]) => Number(value)));
      seen.set(metric['__name__']!, Math.max(seen.get(metric['__name__']!) ?? 0, largest));
    }
    const isSeen = (instrument: AnyInstrument) => {
      const name = prometheusName(instrument);
      if (instrument.kind === 'gauge') return seen.has(name);
      return (seen.get(instrument.buckets ? `${name}_count` : name) ?? 0) > 0;
    };
    const own = contract.filter(({ programs }) => programs.includes(program));
    return own.filter((instrument) => !isSeen(instrument)).map(({ name }) => `${program}: ${name}`);
  }

  const unseen = async () => [...(await findUnseen('api')), ...(await findUnseen('worker'))];

  async function update(change: (sql: postgres.Sql) => Promise<unknown>) {
    const sql = postgres(platform.databaseUrl, { max: 1, onnotice: () => {} });
    await change(sql);
    await sql.end();
  }

  /** A source of evidence, and a webhook that answers nothing until it is told to. */
  async function startReceiver() {
    const mayAnswer = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const { port, close } = await listenHttp({ host: '127.0.0.1', port: 0 }, (request, response) => {
      request.resume();
      const isMessage = request.method === 'POST';
      if (isMessage) arrived.resolve();
      void (isMessage ? mayAnswer.promise : Promise.resolve()).then(() => response.end('evidence'));
    });
    parts.defer(close);
    return { url: `http://127.0.0.1:${port}/`, arrived: arrived.promise, answer: mayAnswer.resolve };
  }

  /** Over one connection, so that they arrive at the same moment. */
  async function sendAtOnce(count: number) {
    const { hostname, port } = new URL(platform.baseUrl);
    const socket = connect(Number(port), hostname).resume();
    await once(socket, 'connect');
    const lines = [
      'GET /api/v1/me HTTP/1.1',
      `Host: ${hostname}`,
      `Authorization: Bearer ${platform.apiKey}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`.repeat(count));
    return socket;
  }

  /** Everything that somebody may notice in metrics, except that a worker is lost. */
  async function causeEvents(source: string) {
    const { api, baseUrl, apiKey, cloud } = platform;
    const published = `${baseUrl}/api/v1/portfolios/${portfolio}`;
    const authorized = { headers: { authorization: `Bearer ${apiKey}` } };
    await fetch(published, { headers: { authorization: 'Bearer pk_wrong' } });
    // One address may send so many of them in a minute.
    await Promise.all(Array.from({ length: 100 }, () => fetch(published)));

    const { id } = await api.caseStudy.export.mutate(study);
    const events = await fetch(`${baseUrl}/api/v1/jobs/${id}/events`, authorized);
    const isOver = Promise.withResolvers<void>();
    api.job.events.subscribe({ id }, { onComplete: isOver.resolve, onError: isOver.reject });
    expect(await events.text()).toContain('"succeeded"');
    await isOver.promise;

    await update((sql) => sql`update evidence set source_url = ${source} where slug = 'cache-tests'`);
    await api.evidence.sync.mutate({ portfolio, slug: 'cache-tests' });

    const sqs = new SQSClient({
      region: cloud.AWS_REGION,
      endpoint: cloud.AWS_ENDPOINT_URL,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: cloud.DEAD_LETTER_QUEUE_URL,
        MessageBody: 'x',
        MessageGroupId: 'x',
        MessageDeduplicationId: 'x',
      }),
    );
    sqs.destroy();
    return sendAtOnce(700);
  }

  test('reads API and worker as the cluster does, and sees a value of every instrument of the contract', async () => {
    const receiver = await startReceiver();
    const { id } = await platform.api.webhook.create.mutate({
      portfolio,
      url: 'https://receiver.example/',
      events: ['job.succeeded'],
    });
    // The API takes public addresses only.
    await update((sql) => sql`update webhooks set url = ${receiver.url} where id = ${id}`);
    // It runs every five minutes.
    await eventually(() =>
      update(async (sql) => {
        const due = await sql`update schedules set next_run_at = now() where name = 'provenance-counts'`;
        expect(due.count).toBe(1);
      }),
    );
    const flood = await causeEvents(receiver.url);

    // What only a lost worker causes, and what waits for it.
    const last = ['worker: portfolio.job.reaped', 'worker: portfolio.webhook.delivery.duration'];
    const first = async () => (await unseen()).filter((name) => !last.includes(name));
    await eventually(async () => expect(await first()).toEqual([]), 200);
    flood.destroy();
    await receiver.arrived;
    process.kill(platform.worker.pid()!, 'SIGKILL');
    await eventually(async () => expect(await unseen()).not.toContain(last[0]), 200);
    receiver.answer();
    await eventually(async () => expect(await unseen()).toEqual([]), 200);
  });

  test.each(['api', 'worker'] as const)(
    'reads nothing of the %s that the contract does not have',
    async (program) => {
      const own = contract.filter(({ programs }) => programs.includes(program)).map(prometheusName);
      const ofPrometheus = /^(up|scrape_.*)$/;
      const names = new Set((await readSeries(program)).map(({ metric }) => metric['__name__']!));
      const others = [...names].filter(
        (name) =>
          !ofPrometheus.test(name) &&
          !own.includes(name.replace(/_(bucket|sum|count)$/, '')) &&
          !own.includes(name),
      );
      expect(others).toEqual([]);
    },
  );

  test.each(['api', 'worker'] as const)(
    'reaches the %s at the end, and has nothing to object to its metrics',
    async (program) => {
      const ups = (await readSeries(program)).filter(({ metric }) => metric['__name__'] === 'up');
      expect(ups.map(({ values }) => values.at(-1)![1])).toEqual(['1']);
      const served = await fetch(metricsUrls[program === 'api' ? 0 : 1]!);
      const checked = spawnSync('promtool', ['check', 'metrics'], {
        input: await served.text(),
        encoding: 'utf8',
      });
      expect(checked).toMatchObject({ status: 0, stderr: '', stdout: '' });
    },
  );

  test('accepts the rules of the cluster', async () => {
    const response = await fetch(`${prometheus.baseUrl}/api/v1/rules`);
    const { data } = (await response.json()) as { data: { groups: { rules: { health: string }[] }[] } };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(0);
    expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
  });
});
