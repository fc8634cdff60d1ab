import { type Scenario, holds } from '../scenario.ts';
import { until } from '../until.ts';
import type { Request } from '../wire/rules.ts';

const receives = ({ name }: Request) => name === 'ReceiveMessage';

export const sameMessage: Scenario = {
  name: 'same-message',
  injects: 'two workers get the same message and claim its job at the same moment',
  promises: 'one of them works on the job, and the other one leaves it alone',
  quick: true,
  async run(scene) {
    // Long leases: a slow machine must not make a second attempt.
    const settings = { LEASE_SECONDS: '30' };
    const one = await scene.startWorker(settings);
    const other = await scene.startWorker(settings);
    const slug = await scene.makeStudy();
    let message: string | undefined;
    let jobId = 'not known yet';
    let claims = 0;
    for (const worker of [one, other]) {
      worker.aws.always('after', receives, (_, answer) => {
        if (answer.includes('job_')) message ??= answer;
        return 'pass';
      });
      worker.aws.always('before', receives, () =>
        message === undefined ? 'pass' : { status: 200, body: message },
      );
      // Both arrive before either goes on.
      worker.postgres.always(
        'before',
        ({ text }) => text.includes(jobId) && text.startsWith('with'),
        async () => {
          claims++;
          await until('both claim', () => claims >= 2, 5).catch(() => {});
          return 'pass' as const;
        },
      );
    }
    jobId = await scene.accept(slug);
    scene.watch([jobId]);
    await scene.ended();
    const { attempt } = await scene.readJob(jobId);
    holds(claims >= 2, 'the job was not claimed twice: nothing was tried');
    holds(attempt === 1, `the job took ${attempt} attempts`);
    return { 'claims of the job': claims, 'attempts that began': await scene.countEvents('started') };
  },
};
