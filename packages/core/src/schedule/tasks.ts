import { deleteExpiredAnswers } from '../change.ts';
import { removeAbandonedDownloads } from '../evidence/download.ts';
import { notifyStaleClaims } from '../claim/notify.ts';
import { countProvenance, provenanceSeconds } from '../claim/provenance-counts.ts';
import { queueDueSyncs } from '../evidence/due.ts';
import { jobsChanged } from '../job/jobs-changed.ts';
import { enqueueMissing } from '../job/due.ts';
import { rollUpMetrics } from '../metric/roll-up.ts';
import { removeOldSecurityEvents } from '../audit/security-log.ts';
import { sealAudit } from '../audit/seal.ts';
import { purgeDueCaseStudies } from '../case-study/purge-due.ts';
import { removeUnusedImages } from '../image/remove-unused.ts';
import { purgeDuePortfolios } from '../portfolio/purge-due.ts';
import { removeDeleted, removeUnreferenced } from '../removable-object/remove.ts';
import { removeExpiredSessions } from '../session/remove-expired.ts';
import { encryptWebhookSecrets } from '../webhook/encrypt-secrets.ts';
import { removeExpiredUploads } from '../upload/remove-expired.ts';
import { inBatches, runEach } from '../batches.ts';
import {
  pruneJobEvents,
  removeOldDeliveries,
  forgetErasedIdentities,
  removeOldInvitations,
  removeOldJobs,
} from './retention.ts';
import type { Task } from './task.ts';

const minute = 60;
const hour = 60 * minute;

/** All scheduled tasks. Retention times are next to the code that deletes. */
export const tasks: readonly Task[] = [
  {
    name: 'audit-seals',
    everySeconds: minute,
    missed: 'skip',
    // The log is outside of the database: somebody who can change that cannot change a head in it.
    run: ({ db, signal, log }) => sealAudit(db, signal, (sealed) => log.info(sealed, 'audit log sealed')),
  },
  {
    name: 'old-security-events',
    everySeconds: hour,
    missed: 'skip',
    run: ({ db, signal }) => removeOldSecurityEvents(db, signal),
  },
  {
    name: 'evidence-resync',
    everySeconds: minute,
    missed: 'skip',
    // Syncs beyond a batch wait a minute, so that a flood of them does not delay the jobs that users request.
    async run({ db, ...notified }) {
      const queued = await queueDueSyncs(db);
      jobsChanged(notified, queued);
      return queued.length;
    },
  },
  {
    name: 'stale-claims',
    everySeconds: minute,
    missed: 'skip',
    run: ({ db, signal }) => inBatches(200, signal, () => notifyStaleClaims(db)),
  },
  {
    // For the metrics of the worker that runs it.
    name: 'provenance-counts',
    everySeconds: provenanceSeconds,
    missed: 'skip',
    run: ({ reader }) => countProvenance(reader),
  },
  {
    name: 'abandoned-downloads',
    everySeconds: 5 * minute,
    missed: 'skip',
    run: ({ db, bucket, signal }) => inBatches(20, signal, () => removeAbandonedDownloads({ db, bucket })),
  },
  {
    // Changed days are marked, so that one run does the work of all missed ones.
    name: 'metrics-roll-up',
    everySeconds: 5 * minute,
    missed: 'skip',
    run: ({ db, signal }) => rollUpMetrics(db, signal),
  },
  {
    name: 'expired-uploads',
    everySeconds: 5 * minute,
    missed: 'skip',
    run: ({ db, bucket, signal }) => removeExpiredUploads({ db, bucket }, signal),
  },
  {
    name: 'idempotency-keys',
    everySeconds: hour,
    missed: 'skip',
    run: ({ db, signal }) => deleteExpiredAnswers(db, signal),
  },
  {
    // The trigger `jobs_queue` misses none; this is for a row that was lost with a claim of an older release.
    name: 'missing-in-job-queue',
    everySeconds: minute,
    missed: 'skip',
    run: ({ db }) => enqueueMissing(db),
  },
  {
    name: 'job-events',
    everySeconds: hour,
    missed: 'catch-up',
    run: ({ db, period, signal }) => pruneJobEvents(db, period, signal),
  },
  {
    name: 'old-jobs',
    everySeconds: hour,
    missed: 'skip',
    run: ({ db, signal }) => removeOldJobs(db, signal),
  },
  {
    name: 'old-webhook-deliveries',
    everySeconds: hour,
    missed: 'skip',
    run: ({ db, signal }) => removeOldDeliveries(db, signal),
  },
  {
    name: 'expired-sessions',
    everySeconds: 5 * minute,
    missed: 'skip',
    run: ({ db, signal }) => removeExpiredSessions(db, signal),
  },
  {
    name: 'erased-identities',
    everySeconds: hour,
    missed: 'skip',
    run: ({ db }) => forgetErasedIdentities(db),
  },
  {
    name: 'old-invitations',
    everySeconds: hour,
    missed: 'skip',
    run: ({ db, signal }) => removeOldInvitations(db, signal),
  },
  {
    name: 'bin',
    everySeconds: 15,
    missed: 'skip',
    // In this order, so that the objects of what was just deleted go in the same run.
    run: ({ signal, bucket, ...tools }) =>
      runEach(
        [
          () => purgeDuePortfolios(tools, signal),
          () => purgeDueCaseStudies(tools.db, signal),
          () => removeDeleted({ db: tools.db, bucket }, signal),
        ],
        signal,
      ),
  },
  {
    name: 'unused-images',
    everySeconds: 24 * hour,
    missed: 'skip',
    run: ({ db, signal }) => removeUnusedImages(db, signal),
  },
  {
    name: 'webhook-secrets',
    everySeconds: hour,
    missed: 'skip',
    run: ({ signal, ...tools }) => encryptWebhookSecrets(tools, signal),
  },
  {
    name: 'unreferenced-objects',
    everySeconds: hour,
    missed: 'skip',
    run: ({ db, bucket, signal }) => removeUnreferenced({ db, bucket }, signal),
  },
];
