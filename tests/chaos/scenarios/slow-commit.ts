import { setTimeout as wait } from 'node:timers/promises';
import { type Scenario } from '../scenario.ts';
import { seconds, until } from '../../support/until.ts';
import { commits } from '../wire/requests.ts';

export const slowCommit: Scenario = {
  name: 'slow-commit',
  injects:
    'a change of a job is committed 8 s after its transaction began (6 s within npm test), and meanwhile another job is ' +
    'accepted',
  promises: "a watcher of all the tenant's jobs sees both changes",
  tested: 'exhaustively',
  async run(fixture) {
    const [slow, other] = [await fixture.makeStudy(), await fixture.makeStudy()];
    const id = await fixture.accept(slow);
    const seen = new Set<string>();
    const watching = fixture.client.job.changes.subscribe(
      {},
      { onData: ({ data }) => void seen.add(`${data.id} ${data.state}`) },
    );
    try {
      await until('the watcher sees the job', () => seen.has(`${id} queued`));
      const durationSeconds = fixture.isQuick ? 6 : 8;
      const begun = Promise.withResolvers<void>();
      void fixture.api.postgres.first('before', commits, async () => {
        begun.resolve();
        await wait(durationSeconds * 1000);
        return 'pass' as const;
      });
      const cancelled = fixture.client.job.cancel.mutate({ id });
      await begun.promise;
      // This change moves the watcher on.
      await wait(durationSeconds * 1000 - 500);
      const later = await fixture.accept(other);
      await until('the watcher sees the later job', () => seen.has(`${later} queued`));
      await cancelled;
      const delay = await seconds(() =>
        until('the watcher sees the slow change', () => seen.has(`${id} cancelled`), 30),
      );
      await fixture.startWorker();
      await fixture.ended();
      return { 'seen after the commit, s': delay };
    } finally {
      watching.unsubscribe();
    }
  },
};
