import { setTimeout as wait } from 'node:timers/promises';
import type { Fixture } from '../fixture.ts';
import { type AppProcess, polls } from '../environment.ts';
import type { Act, Matches } from '../wire/rules.ts';
import type { Fault } from './plan.ts';
import { hasMessages, internalError, isSqs, receives, sends, uploads } from '../wire/requests.ts';

/** The processes of a soak: `killable` ones may be ended, the others only lose their dependencies. */
export type Processes = { fixture: Fixture; killable: AppProcess[]; all: AppProcess[] };

/** Injects a fault and ends it again; resolves then. A fault that is impossible at the moment is skipped. */
export async function inject(processes: Processes, { kind, lastsSeconds, target }: Fault): Promise<void> {
  const { fixture, killable, all } = processes;
  const worker = killable[target % killable.length]!;
  const anyone = all[target % all.length]!;
  const pause = () => wait(lastsSeconds * 1000);
  const everywhere = (when: 'before' | 'after', matches: Matches, act: Act) =>
    whileRules(
      all.map(({ aws }) => aws.always(when, matches, act)),
      pause,
    );

  switch (kind) {
    case 'kill -9 of a worker':
      return restart(worker, () => worker.kill());
    case 'kill -9 of a worker that has woken others':
      return killWhenSent(worker, pause);
    case 'kill -9 of the API':
      return restart(fixture.api, () => fixture.api.kill());
    case 'SIGTERM of a worker':
      return restart(worker, () => worker.terminate());
    case 'SIGSTOP of a worker past its lease':
      if (!worker.isRunning()) return;
      worker.freeze();
      await wait(lastsSeconds * 1000 + leaseMilliseconds);
      return worker.thaw();
    case 'crash of Postgres':
      if (!fixture.ownPostgres().isRunning()) return;
      await fixture.ownPostgres().crash();
      return fixture.ownPostgres().start();
    case 'connections of a process to Postgres cut':
      return anyone.postgres.cut();
    case 'Postgres refuses a process':
      anyone.postgres.down();
      await pause();
      return anyone.postgres.up();
    case 'connections that LISTEN cut':
      return all.forEach(({ postgres }) => postgres.cutListeners());
    case 'SQS answers 500':
      return everywhere('before', isSqs, internalError);
    case 'SQS loses its answers':
      return everywhere('after', isSqs, () => 'cut');
    case 'SQS delivers twice':
      return deliverTwice(all, pause);
    case 'S3 breaks off uploads':
      return everywhere('before', uploads, () => 'half');
  }
}

const leaseMilliseconds = 2000;

async function whileRules(stops: (() => void)[], pause: () => Promise<void>): Promise<void> {
  await pause();
  stops.forEach((stop) => stop());
}

/** Ends a process and starts it again, as an orchestrator does. */
async function restart(member: AppProcess, end: () => Promise<unknown>): Promise<void> {
  if (!member.isRunning()) return;
  await end();
  if (!member.isRunning()) member.start();
  if (member.name.startsWith('worker')) await polls(member);
}

/** Kills a worker right after it has woken others. */
async function killWhenSent(member: AppProcess, pause: () => Promise<void>): Promise<void> {
  let killed: Promise<void> | undefined;
  const stop = member.aws.always('after', sends, async () => {
    stop();
    killed = restart(member, () => member.kill());
    return 'cut' as const;
  });
  await pause();
  stop();
  await killed;
}

async function deliverTwice(all: AppProcess[], pause: () => Promise<void>): Promise<void> {
  const again: string[] = [];
  const keep: Act = (_, answer) => {
    if (hasMessages(answer)) again.push(answer);
    return 'pass';
  };
  const repeat: Act = () => {
    const body = again.pop();
    return body === undefined ? 'pass' : { status: 200, body };
  };
  const stops = all.flatMap(({ aws }) => [
    aws.always('before', receives, repeat),
    aws.always('after', receives, keep),
  ]);
  await whileRules(stops, pause);
}
