import { type Scenario, holds } from '../scenario.ts';
import type { AppProcess } from '../environment.ts';
import { until } from '../../support/until.ts';
import { isClaim, receives } from '../wire/requests.ts';

export const sameMessage: Scenario = {
  name: 'same-message',
  injects: 'two workers get the same message and claim its job at the same moment',
  promises: 'one of them works on the job, and the other one leaves it alone',
  tested: 'exhaustively',
  async run(fixture) {
    // Long leases: a slow machine must not make a second attempt.
    const settings = { LEASE_SECONDS: '30' };
    const one = await fixture.startWorker(settings);
    const other = await fixture.startWorker(settings);
    const slug = await fixture.makeStudy();
    const copies = new Map<AppProcess, string>();
    let claims = 0;
    for (const [worker, twin] of [
      [one, other],
      [other, one],
    ] as const) {
      worker.aws.always('after', receives, (_, answer) => {
        if (answer.includes('job_')) copies.set(twin, answer);
        return 'pass';
      });
      worker.aws.always('before', receives, () => {
        const body = copies.get(worker);
        copies.delete(worker);
        return body === undefined ? 'pass' : { status: 200, body };
      });
      // Both claims arrive before either continues.
      worker.postgres.always('before', isClaim, async () => {
        claims++;
        await until('both claim', () => claims >= 2);
        return 'pass' as const;
      });
    }
    const jobId = await fixture.accept(slug);
    fixture.watch([jobId]);
    await fixture.ended();
    const { attempt } = await fixture.readJob(jobId);
    holds(attempt === 1, `the job took ${attempt} attempts`);
    return { 'claims of the job': claims, 'attempts that began': await fixture.countEvents('started') };
  },
};
