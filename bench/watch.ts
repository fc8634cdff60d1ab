/**
 * Watching jobs, compared with a bare WebSocket server that sends the same frame to as many clients:
 * `node bench/watch.ts [watchers]`. Then the answers to `GET /jobs` while jobs run, without and with 300 watchers of all
 * changes. Takes about a minute and a half, on loopback; each watcher has a connection of its own. Only ratios are
 * comparable between machines. `ulimit -n` has to allow twice as many files as there are watchers.
 */
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { scopeSchema } from '@portfolio/core/actor';
import { queueJobs } from '@portfolio/core/job/accept';
import { ofEachKind } from '@portfolio/core/job/kinds';
import { transitions } from '@portfolio/core/job/transitions';
import { openDatabase } from '@portfolio/core/runtime/database';
import { createJobBus } from '@portfolio/core/runtime/job-bus';
import { createLog } from '@portfolio/core/runtime/log';
import { migrate } from '@portfolio/core/runtime/migrate';
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { on, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket, WebSocketServer } from 'ws';
import { startAws } from '../dev/aws.ts';
import { createCloudResources } from '../dev/cloud.ts';
import { startPostgres } from '../dev/postgres.ts';
import { freePort } from '../tests/support/stack.ts';
import { until } from '../tests/support/until.ts';
import { median } from './side-by-side.ts';

const watchers = Number(process.argv[2] ?? 5000);
const events = 20;
const pauseMilliseconds = 250;
const changeWatchers = 300;
const jobsPerSecond = 5;
const readSeconds = 8;
const rounds = 2;
/** Below the limits of connections per address and per actor. */
const perAddress = 150;
const perKey = 90;

type Subscribe = { path: string; input: object };
/** To a child: connect clients, or close them. From a child: `ready`, or when the first and last got an event. */
type Order = { url: string; count: number; keys: string[]; subscribe: Subscribe | null };
type Times = { first: number; last: number };

const nowMilliseconds = () => Number(process.hrtime.bigint() / 1000n) / 1000;
const self = fileURLToPath(import.meta.url);

/** A child that connects clients, and reports when the first and the last of them has got each event. */
async function runClients() {
  const [order] = (await once(process, 'message')) as [Order];
  let received = 0;
  let first = 0;
  function receive() {
    if (received === 0) first = nowMilliseconds();
    received += 1;
    if (received < order.count) return;
    received = 0;
    process.send!({ first, last: nowMilliseconds() } satisfies Times);
  }
  const connect = async (at: number) => {
    const localAddress = `127.0.0.${2 + Math.floor(at / perAddress)}`;
    const socket = new WebSocket(order.url, { localAddress, perMessageDeflate: false });
    const ready = Promise.withResolvers<void>();
    socket.on('error', ready.reject);
    socket.on('message', (data: Buffer) => {
      if (!order.subscribe || data.includes('"type":"event"')) receive();
      else if (data.includes('"type":"data"')) ready.resolve();
      else if (data.includes('"error"')) ready.reject(new Error(data.toString()));
    });
    await once(socket, 'open');
    if (!order.subscribe) return;
    const key = order.keys[Math.floor(at / perKey)]!;
    socket.send(JSON.stringify({ method: 'connectionParams', data: { authorization: `Bearer ${key}` } }));
    socket.send(JSON.stringify({ id: 1, method: 'subscription', params: order.subscribe }));
    await ready.promise;
  };
  for (let at = 0; at < order.count; at += 100) {
    await Promise.all(
      Array.from({ length: Math.min(100, order.count - at) }, (_, index) => connect(at + index)),
    );
  }
  process.send!('ready');
}

/** A child that sends each message that it gets to all clients. */
function runBareServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false }, () => {
    process.send!((server.address() as { port: number }).port);
  });
  process.on('message', (frame: string) => {
    if (frame === 'memory') return;
    const buffer = Buffer.from(frame);
    for (const client of server.clients) client.send(buffer, { binary: false });
  });
}

/** Collects garbage and tells the memory of the process when asked. */
const reportMemory = `data:text/javascript,process.on('message',(m)=>m==='memory'&&(gc(),setTimeout(()=>{gc();process.send(process.memoryUsage())},100)))`;

function start(file: string, args: string[], env: NodeJS.ProcessEnv = process.env): ChildProcess {
  const execArgv = ['--expose-gc', '--import', reportMemory];
  return fork(file, args, { execArgv, env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

async function memoryOf(child: ChildProcess): Promise<NodeJS.MemoryUsage> {
  child.send('memory');
  const [usage] = (await once(child, 'message')) as [NodeJS.MemoryUsage];
  return usage;
}

async function cpuMilliseconds({ pid }: ChildProcess): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function measure() {
  const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
  const [postgres, aws] = await Promise.all([
    startPostgres({ dataDir: join(folder, 'postgres') }),
    startAws(),
  ]);
  await migrate({ url: postgres.url });
  const log = createLog('bench', 'warn');
  const database = openDatabase({ url: postgres.url, poolSize: 4, applicationName: 'bench', log });
  const { db, sql } = database;
  const jobBus = createJobBus(sql, log);
  const children: ChildProcess[] = [];
  try {
    const port = await freePort();
    const api = start(fileURLToPath(new URL('../packages/api/src/main.ts', import.meta.url)), [], {
      ...process.env,
      ...(await createCloudResources(aws.endpoint)),
      NODE_ENV: 'production',
      DATABASE_URL: postgres.url,
      HOST: '127.0.0.1',
      PORT: String(port),
      TRUSTED_PROXY_HOPS: '0',
      RATE_LIMIT_PER_MINUTE: '1000000000',
      RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000',
    });
    children.push(api);
    const baseUrl = `http://127.0.0.1:${port}`;
    await until('the API is ready', () =>
      fetch(`${baseUrl}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );

    const portfolioId = 'pf_bench';
    await sql`insert into portfolios (id, slug, name, tagline, description) values (${portfolioId}, 'bench', 'Bench', '', '')`;
    const keys: string[] = [];
    for (let at = 0; at <= Math.ceil(Math.max(watchers, changeWatchers) / perKey); at++) {
      const subject = `member-${at}`;
      await sql`insert into members (portfolio_id, subject, role) values (${portfolioId}, ${subject}, 'viewer')`;
      const about = { name: 'bench', subject, scopes: [...scopeSchema.options], expiresAt: null };
      keys.push((await issueApiKey(db, about)).secret);
    }
    const simulated = simulateJobs({ db, jobBus, portfolioId });

    const ws = `ws://127.0.0.1:${port}/trpc?connectionParams=1`;
    const job = await simulated.begin();
    const before = await memoryOf(api);
    const subscribe = { path: 'job.events', input: { id: job.id } };
    const own = await connect(children, { url: ws, count: watchers, keys, subscribe });
    const after = await memoryOf(api);
    const cpuBefore = await cpuMilliseconds(api);
    const ours = await broadcasts(own, (at) => job.progress(at / 100));
    const cpu = (await cpuMilliseconds(api)) - cpuBefore;
    await close(own);

    const bare = start(self, ['bare']);
    children.push(bare);
    const [barePort] = (await once(bare, 'message')) as [number];
    const bareBefore = await memoryOf(bare);
    const order = { url: `ws://127.0.0.1:${barePort}`, count: watchers, keys, subscribe: null };
    const other = await connect(children, order);
    const bareAfter = await memoryOf(bare);
    const event = {
      seq: 3,
      at: new Date(),
      type: 'progress',
      state: 'running',
      attempt: 1,
      progress: 0.01,
      step: 'Working',
      error: null,
    };
    const frame = JSON.stringify({
      id: 1,
      result: { type: 'data', id: '3', data: { id: '3', data: { type: 'event', event } } },
    });
    const bareCpuBefore = await cpuMilliseconds(bare);
    const bareTimes = await broadcasts(other, async () => {
      const at = nowMilliseconds();
      bare.send(frame);
      return at;
    });
    const bareCpu = (await cpuMilliseconds(bare)) - bareCpuBefore;
    await close(other);

    const kilobytes = (from: NodeJS.MemoryUsage, to: NodeJS.MemoryUsage, which: 'rss' | 'heapUsed') =>
      Math.round((10 * (to[which] - from[which])) / watchers / 1024) / 10;
    const row = (times: Times[], cpuTotal: number, from: NodeJS.MemoryUsage, to: NodeJS.MemoryUsage) => ({
      'event → first, ms': Math.round(median(times.map(({ first }) => first)) * 10) / 10,
      'event → last, ms': Math.round(median(times.map(({ last }) => last)) * 10) / 10,
      'CPU of the server an event, ms': Math.round(cpuTotal / events),
      'memory a watcher, kB': kilobytes(from, to, 'rss'),
      'heap a watcher, kB': kilobytes(from, to, 'heapUsed'),
    });
    const lastOf = (times: Times[]) => median(times.map(({ last }) => last));
    console.log(
      `${watchers} watchers of one job: event → last is ${(lastOf(ours) / lastOf(bareTimes)).toFixed(2)} × bare.`,
    );
    console.table({
      'job.events over tRPC': row(ours, cpu, before, after),
      'bare ws': row(bareTimes, bareCpu, bareBefore, bareAfter),
    });

    const latencies = new Map<string, number[]>([
      ['no watchers', []],
      [`${changeWatchers} watchers of job.changes`, []],
    ]);
    const running = simulated.keepRunning();
    await readJobs(baseUrl, keys[0]!, 2);
    for (let round = 0; round < rounds; round++) {
      for (const [name, values] of latencies) {
        const clients = name.startsWith('no')
          ? null
          : await connect(children, {
              url: ws,
              count: changeWatchers,
              keys,
              subscribe: { path: 'job.changes', input: {} },
            });
        values.push(...(await readJobs(baseUrl, keys[0]!, readSeconds)));
        if (clients) await close(clients);
      }
    }
    const done = await running.stop();
    const percentile = (values: number[], share: number) =>
      Math.round(values.toSorted((a, b) => a - b)[Math.floor(values.length * share)]! * 10) / 10;
    const [without, withWatchers] = [...latencies.values()].map((values) => percentile(values, 0.95));
    console.log(
      `GET /jobs while ${done} jobs ran: p95 with watchers is ${(withWatchers! / without!).toFixed(2)} × that without.`,
    );
    console.table(
      Object.fromEntries(
        [...latencies].map(([name, values]) => [
          name,
          {
            'p50, ms': percentile(values, 0.5),
            'p95, ms': percentile(values, 0.95),
            'p99, ms': percentile(values, 0.99),
            answers: values.length,
          },
        ]),
      ),
    );
  } finally {
    for (const child of children) child.kill('SIGKILL');
    jobBus.close();
    await database.close();
    await Promise.all([postgres.stop(), aws.stop()]);
    await rm(folder, { recursive: true });
  }
}

/** Jobs that are accepted and run by statements alone, with their hints. */
function simulateJobs({
  db,
  jobBus,
  portfolioId,
}: {
  db: Parameters<typeof queueJobs>[0];
  jobBus: ReturnType<typeof createJobBus>;
  portfolioId: string;
}) {
  const request = {
    portfolioId,
    kind: 'export.pdf',
    subject: 'a study',
    payload: { caseStudyId: 'cs_none' },
    requestedBy: 'bench',
  } as const;
  const result = {
    key: 'k',
    fileName: 'f',
    contentType: 'c',
    sizeBytes: 1,
    sha256: 's',
    pages: 1,
    studyVersion: 1,
  };
  const wanted = Object.values(ofEachKind((kind) => ({ kind, slots: 1, mostOfTenant: 1000 })));
  let groups = 0;

  async function begin() {
    const [queued] = await queueJobs(db, [{ ...request, groupKey: `bench-${(groups += 1)}` }]);
    const hint = { jobId: queued!.jobId, portfolioId };
    jobBus.publish(hint);
    const lease = { id: queued!.jobId, token: randomUUID() };
    const { claimed } = await transitions.claim(db, wanted, {
      mostInAll: 1000,
      token: lease.token,
      leaseSeconds: 600,
      worker: 'bench',
    });
    if (claimed[0]?.id !== lease.id) throw new Error('Another job was claimed.');
    jobBus.publish(hint);
    return {
      id: lease.id,
      /** Resolves to the time of the commit. */
      async progress(progress: number) {
        await transitions.progress(db, lease, { progress, step: 'Working' });
        const at = nowMilliseconds();
        jobBus.publish(hint);
        return at;
      },
      async end() {
        await transitions.end(db, lease, { type: 'succeeded', result });
        jobBus.publish(hint);
      },
    };
  }

  return {
    begin,
    keepRunning() {
      const stopped = new AbortController();
      let done = 0;
      const running = (async () => {
        while (!stopped.signal.aborted) {
          const job = await begin();
          for (const progress of [0.2, 0.5, 0.8]) {
            await job.progress(progress);
            await wait(1000 / jobsPerSecond / 4);
          }
          await job.end();
          done += 1;
          await wait(1000 / jobsPerSecond / 4);
        }
      })();
      return {
        async stop() {
          stopped.abort();
          await running;
          return done;
        },
      };
    },
  };
}

async function connect(children: ChildProcess[], order: Order): Promise<ChildProcess> {
  const child = start(self, ['clients']);
  children.push(child);
  child.send(order);
  const [message] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (message !== 'ready') throw new Error(`The clients could not connect: ${String(message)}.`);
  return child;
}

async function close(child: ChildProcess) {
  child.kill('SIGKILL');
  await once(child, 'exit');
  await wait(500);
}

/** Sends events one after the other; resolves to the time to the first and to the last client. */
async function broadcasts(clients: ChildProcess, send: (at: number) => Promise<number>): Promise<Times[]> {
  const times: Times[] = [];
  const received = on(clients, 'message');
  for (let at = 1; at <= events; at++) {
    const sentAt = await send(at);
    const { value } = (await received.next()) as { value: [Times] };
    times.push({ first: value[0].first - sentAt, last: value[0].last - sentAt });
    await wait(pauseMilliseconds);
  }
  return times;
}

/** Reads the list of jobs again and again; resolves to the durations. */
async function readJobs(baseUrl: string, key: string, forSeconds: number): Promise<number[]> {
  const durations: number[] = [];
  const end = nowMilliseconds() + forSeconds * 1000;
  while (nowMilliseconds() < end) {
    const start = nowMilliseconds();
    const answer = await fetch(`${baseUrl}/api/v1/jobs?limit=5`, {
      headers: { authorization: `Bearer ${key}` },
    });
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`GET /jobs answered ${answer.status}.`);
    durations.push(nowMilliseconds() - start);
    await wait(10);
  }
  return durations;
}

const [, , mode] = process.argv;
if (mode === 'clients') await runClients();
else if (mode === 'bare') runBareServer();
else await measure();
