import { measure } from '../jobs/complete.ts';
import { openOurs } from '../jobs/ours.ts';
import { startServers } from '../jobs/servers.ts';
import { type WorkerProcess, startWorkerProcess } from '../jobs/worker-process.ts';
import {
  type Contender,
  type Measured,
  type Options,
  inTurn,
  noRounds,
  profileFlags,
  settingsOf,
} from './compare.ts';

const jobs = 2000;
const warmUpJobs = 1000;

/** Jobs that do nothing and were stored before, by one worker process. */
export async function measureJobs({ starts, rounds, endpoint, isProfiled }: Options): Promise<Measured[]> {
  await using opened = new AsyncDisposableStack();
  const servers = opened.adopt(await startServers(), (used) => used.stop());
  const system = opened.adopt(await openOurs(servers), (used) => used.close());
  const measured = noRounds();
  for (let at = 0; at < starts; at++) {
    await using started = new AsyncDisposableStack();
    const workers = new Map<Contender, WorkerProcess>();
    for (const contender of inTurn(at)) {
      const { file, settings } = system.worker;
      const program = { file, settings: { ...settings, telemetry: settingsOf(contender, endpoint) } };
      const worker = await startWorkerProcess(program, isProfiled ? profileFlags(contender) : []);
      workers.set(
        contender,
        started.adopt(worker, (used) => used.end()),
      );
    }
    for (const worker of workers.values()) await measure({ system, worker }, warmUpJobs);
    for (let round = 0; round < rounds; round++)
      for (const contender of inTurn(round)) {
        const { cpuMilliseconds } = await measure({ system, worker: workers.get(contender)! }, jobs);
        measured[contender].push(cpuMilliseconds * 1000);
      }
  }
  const title = 'A job that does nothing';
  const note = `Processor time of the worker a job; ${jobs} jobs a round, stored before.`;
  return [{ title, note, mostPercent: 5, rounds: measured }];
}
