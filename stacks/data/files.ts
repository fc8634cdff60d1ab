import { type Rules, createBucket } from './bucket.ts';
import { createKey } from './key.ts';
import type { Stage } from '../stage.ts';

export type Files = ReturnType<typeof createFiles>;

/** Deleted or replaced files can be restored for as long as Aurora's snapshots are kept. */
const keptDays = 35;

/** The bucket for files, and the key that encrypts all data. */
export function createFiles(stage: Stage) {
  const key = createKey(stage, 'DataKey', 'Encrypts the database, its snapshots and the buckets');
  const rules: Rules = [
    {
      id: 'unfinished-uploads',
      status: 'Enabled',
      filter: { prefix: '' },
      abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
    },
    {
      id: 'old-versions',
      status: 'Enabled',
      filter: { prefix: '' },
      noncurrentVersionExpiration: { noncurrentDays: keptDays },
      expiration: { expiredObjectDeleteMarker: true },
    },
  ];
  const bucket = createBucket(stage, 'Files', { key, rules });
  return { key, bucket, rules };
}
