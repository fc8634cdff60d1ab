import { type Scenario, holds } from '../scenario.ts';
import { seconds } from '../../support/until.ts';
import { pass, uploads } from '../wire/requests.ts';
import { checkAttempts } from './postgres.ts';

/** A lease, and the work that is left. */
const maxSeconds = 6;

export const twoReleases: Scenario = {
  name: 'two-releases',
  injects:
    'an upgrade from the previous release while jobs wait and run: its database is migrated, API and workers of both ' +
    'releases run side by side, then those of the previous one end, one worker by kill -9',
  promises: 'all jobs are done, and watchers miss no event, whichever release accepted a job or began it',
  tested: 'exhaustively',
  previousRelease: true,
  async run(fixture) {
    const [leaving, killed] = [await fixture.startWorker(), await fixture.startWorker()];
    const uploading = leaving.aws.first('before', uploads, pass);
    const before = await fixture.load(4, 6);
    await uploading;
    await fixture.upgrade();
    const betweenIds = await fixture.load(3, 1);

    const migrated = performance.now();
    await fixture.startWorker();
    await fixture.addApi();
    const during = await fixture.load(4, 4);
    const upload = killed.aws.first('before', uploads, async () => {
      await killed.kill();
      return 'cut' as const;
    });
    await Promise.race([upload, fixture.ended()]);
    await killed.kill();
    const codes = [await leaving.terminate(), await fixture.removeApi(fixture.api)];
    holds(codes.join() === '0,0', `the programs of the previous release ended with ${codes.join(' and ')}`);
    const after = await fixture.load(3, 1);
    const recovery = await seconds(() => fixture.ended());
    holds(recovery < maxSeconds, `the last job was done ${recovery} s after the end of the previous release`);
    const failed = await fixture.countEvents('retrying');
    holds(failed === 0, `${failed} attempts failed`);
    const ids = fixture.accepted.map(({ id }) => id);
    await checkAttempts(fixture, ids, 1);
    return {
      'jobs before the migration': before.length,
      'after it, without a new program': betweenIds.length,
      'with programs of both releases': during.length,
      'of the new one': after.length,
      'both ran for, s': Math.round((performance.now() - migrated) / 1000),
      'last job done after the end of the previous release, s': recovery,
    };
  },
};
