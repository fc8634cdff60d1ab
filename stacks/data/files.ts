import { type Rules, createBucket } from './bucket.ts';
import { createKey } from './key.ts';
import type { Stage } from '../stage.ts';

export type Files = ReturnType<typeof createFiles>;

/** What was removed or replaced by mistake can be brought back for as long as a state of the database can. */
const keptDays = 35;

/** The bucket for files, and the key with which all data is encrypted. */
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
