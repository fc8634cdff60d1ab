import { setTimeout as wait } from 'node:timers/promises';
import { type Measured, type Scenario, holds } from '../scenario.ts';
import type { Fixture } from '../fixture.ts';
import type { AppProcess } from '../environment.ts';
import { seconds, until } from '../../support/until.ts';
import { checkAttempts } from './postgres.ts';

/** A reason for which every claim fails. */
type Fault = {
  name: string;
  /** What the log of a worker must contain. */
  cause: string;
  /** Resolves to a function that ends the fault. */
  begin(fixture: Fixture): Promise<() => Promise<unknown>>;
};

export const claimsFail: Scenario = {
  name: 'claims-fail',
  injects:
    'every claim fails for half a minute (a moment within npm test): by a lock on the table of jobs, a missing grant, a ' +
    'constraint, a statement timeout, a full disk',
  promises:
    'once the fault is fixed, all jobs succeed with no attempt used up; the log names the cause of the fault',
  tested: 'always',
  async run(fixture) {
    const measured: Measured = {};
    for (const fault of fixture.isQuick ? quickFaults : faults) {
      measured[`jobs done after ${fault.name}, s`] = await claimDuring(fixture, fault);
    }
    return measured;
  },
};

/** Starts workers during a fault, while jobs are due; resolves to the seconds from its end to that of all jobs. */
async function claimDuring(fixture: Fixture, { name, cause, begin }: Fault): Promise<number> {
  const ids = await fixture.load(3, 1);
  const end = await begin(fixture);
  // Workers that start now have no job that began before the fault.
  const workers: AppProcess[] = [];
  try {
    for (let count = fixture.isQuick ? 1 : 2; count > 0; count--) workers.push(await fixture.startWorker());
    await Promise.all(workers.map((worker) => until(`${worker.name} logs ${cause}`, () => logs(worker))));
    await wait(fixture.isQuick ? 500 : 30_000);
  } finally {
    await end();
  }
  const recovery = await seconds(() => fixture.ended(ids));
  await checkAttempts(fixture, ids);
  await Promise.all(workers.map((worker) => worker.kill()));
  const messages = (await causes(workers[0]!)).map(({ msg }) => msg);
  holds(
    messages.some((message) => message.startsWith('claim failed')),
    `with ${name}, the log says only "${messages[0]}"`,
  );
  return recovery;

  async function causes(worker: AppProcess) {
    const lines = await fixture.readLog(worker);
    return lines.filter((line) => JSON.stringify(line).includes(cause));
  }
  async function logs(worker: AppProcess) {
    return (await causes(worker)).length > 0;
  }
}

/** Lets Postgres refuse every claim with an error. */
const refusal = (name: string, code: string, cause: string): Fault => ({
  name,
  cause,
  async begin({ sql }) {
    await sql.unsafe(`
      create function refuse_claim() returns trigger language plpgsql as $$
        begin raise exception '${cause}' using errcode = '${code}'; end $$;
      create trigger refuse_claim before update on jobs for each row
        when (old.state = 'queued' and new.state = 'running') execute function refuse_claim()`);
    return () => sql.unsafe('drop trigger refuse_claim on jobs; drop function refuse_claim');
  },
});

const constraint = refusal('a constraint', '23514', 'a new row violates a check constraint');
const fullDisk = refusal('a full disk', '53100', 'could not extend file: No space left on device');
const quickFaults = [constraint, fullDisk];

const faults: Fault[] = [
  {
    name: 'a lock',
    cause: 'canceling statement due to lock timeout',
    // The lock of CREATE INDEX.
    async begin({ sql }) {
      const [locked, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const holding = sql.begin(async (tx) => {
        await tx`lock table jobs in share mode`;
        locked.resolve();
        await over.promise;
      });
      await locked.promise;
      return () => {
        over.resolve();
        return holding;
      };
    },
  },
  {
    name: 'a missing grant',
    cause: 'permission denied for table jobs',
    async begin({ sql }) {
      await sql`revoke update on jobs from portfolio_worker`;
      return () => sql`grant update on jobs to portfolio_worker`;
    },
  },
  refusal('a statement timeout', '57014', 'canceling statement due to statement timeout'),
  ...quickFaults,
];
