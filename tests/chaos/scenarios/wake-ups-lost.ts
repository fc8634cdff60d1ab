import { createHash } from 'node:crypto';
import { type Scenario, holds } from '../scenario.ts';
import { productionTimes } from '../environment.ts';
import { seconds, until } from '../../support/until.ts';
import type { Act } from '../wire/rules.ts';
import { sends } from '../wire/requests.ts';

/** Two or three sweeps, and the work itself. */
const maxSeconds = 10;

export const wakeUpsLost: Scenario = {
  name: 'wake-ups-lost',
  injects: 'SQS accepts every message and loses it (settings of production)',
  promises: 'workers find the jobs by themselves: each waits for a sweep at most, and is done once',
  tested: 'always',
  async run(fixture) {
    await fixture.startWorker(productionTimes);
    let lost = 0;
    for (const { aws } of fixture.members()) {
      aws.always('before', sends, (request, answer) => {
        lost++;
        return accepted(request, answer);
      });
    }
    const ids = await fixture.load(3, fixture.isQuick ? 1 : 4);
    const taken = await seconds(() => fixture.ended());
    // After a scenario in which SQS failed, the API may not call it for a while: its circuit breaker is open.
    await until('a message is lost', async () => {
      if (lost > 0) return true;
      ids.push(...(await fixture.load(1, 1)));
      await fixture.ended();
      return lost > 0;
    });
    holds(taken < maxSeconds, `the jobs took ${taken} s`);
    const started = await fixture.countEvents('started');
    holds(started === ids.length, `${ids.length} jobs began ${started} attempts`);
    return { jobs: ids.length, 'messages lost': lost, 'all jobs done after, s': taken };
  },
};

/** The answer of SQS to a message that it has stored. */
const accepted: Act = ({ text }) => {
  const { MessageBody } = JSON.parse(text) as { MessageBody: string };
  const MD5OfMessageBody = createHash('md5').update(MessageBody).digest('hex');
  return { status: 200, body: JSON.stringify({ MessageId: 'lost', MD5OfMessageBody, SequenceNumber: '1' }) };
};
