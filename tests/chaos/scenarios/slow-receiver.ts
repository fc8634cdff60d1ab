import { type Scenario, holds } from '../scenario.ts';
import { seconds, until } from '../../support/until.ts';
import { reachesReceivers, startReceiver } from '../receiver.ts';

export const slowReceiver: Scenario = {
  name: 'slow-receiver',
  injects:
    'a receiver of webhooks answers each message only after 8 s (4 s within npm test), with dozens of messages for it',
  promises: 'neither the exports of its tenant nor the deliveries and exports of another tenant are delayed',
  tested: 'exhaustively',
  async run(fixture) {
    const delaySeconds = fixture.isQuick ? 4 : 8;
    await fixture.startWorker({ ...reachesReceivers, TENANT_SHARES: 'webhook.deliver=0.5' });
    const other = await fixture.makePortfolio();
    const slugs = { own: await fixture.makeStudy(), other: await fixture.makeStudy(other) };
    await using slow = await startReceiver(fixture, fixture.portfolio, delaySeconds);
    await using quick = await startReceiver(fixture, other);
    await fixture.load(fixture.isQuick ? 12 : 60, 1);
    await fixture.ended();
    await until('the receiver is busy', () => slow.countUnanswered() > 1);

    const own = await seconds(async () => fixture.ended([await fixture.accept(slugs.own)]));
    const others = await seconds(async () => fixture.ended([await fixture.accept(slugs.other, other)]));
    const delivery = await quick.test();
    const isBusy = slow.countUnanswered() > 1;
    for (const [what, taken] of Object.entries({ own, others, delivery })) {
      holds(
        taken < delaySeconds / 2,
        `${what} took ${taken} s behind a receiver that takes ${delaySeconds} s`,
      );
    }
    holds(isBusy, 'the receiver was not busy until the end');
    return {
      "an export of the receiver's tenant, s": own,
      'an export of another tenant, s': others,
      'a delivery of another tenant, s': delivery,
    };
  },
};
