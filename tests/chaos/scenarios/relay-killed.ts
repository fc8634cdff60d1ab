import type { Scenario } from '../scenario.ts';
import { polls } from '../environment.ts';
import { seconds } from '../../support/until.ts';
import { sends } from '../wire/requests.ts';

export const relayKilled: Scenario = {
  name: 'relay-killed',
  injects:
    'kill -9 of a relay before its message goes to SQS, and after SQS has it but before the outbox knows',
  promises: 'the message is sent at most once more, the job is done once, and the outbox is empty in the end',
  tested: 'always',
  async run(fixture) {
    const worker = await fixture.startWorker();
    // The API's own relay always fails, so that the worker's relay sends the messages.
    fixture.api.aws.always('before', sends, () => 'cut');
    const recoveries: number[] = [];
    for (const when of fixture.isQuick ? (['after'] as const) : (['before', 'after'] as const)) {
      const killed = worker.aws.first(when, sends, async () => {
        await worker.kill();
        return 'cut' as const;
      });
      await fixture.load(1, 1);
      await killed;
      worker.start();
      await polls(worker);
      recoveries.push(await seconds(() => fixture.ended()));
    }
    return { 'slowest recovery after the restart, s': Math.max(...recoveries) };
  },
};
