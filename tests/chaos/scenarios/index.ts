import type { Scenario } from '../scenario.ts';
import { apiKilled } from './api-killed.ts';
import { clockSkew } from './clock-skew.ts';
import { listenCut } from './listen-cut.ts';
import { crashLoop, poisonMessage } from './poison.ts';
import { postgresUnavailable, postgresRestarted } from './postgres.ts';
import { s3MidUpload } from './s3.ts';
import { sameJob } from './same-job.ts';
import { sigterm } from './sigterm.ts';
import { sqsFails, sqsOutOfOrder, sqsSilent, sqsTwice } from './sqs.ts';
import { syncKilled } from './sync-killed.ts';
import { tenantFlood } from './tenant-flood.ts';
import { wakeUpsLost } from './wake-ups-lost.ts';
import { workerFrozen } from './worker-frozen.ts';
import { workerKilled } from './worker-killed.ts';
import { claimsFail } from './claims-fail.ts';
import { queueLost } from './queue-lost.ts';
import { slowReceiver } from './slow-receiver.ts';
import { fullKind } from './full-kind.ts';
import { unknownPayload } from './unknown-payload.ts';
import { slowCommit } from './slow-commit.ts';
import { reapedWithoutQueue } from './reaped-without-queue.ts';
import { paused } from './paused.ts';
import { limited } from './limited.ts';
import { twoReleases } from './two-releases.ts';

/** Every scenario, in the order of docs/chaos-testing.md. */
export const scenarios: Scenario[] = [
  workerKilled,
  syncKilled,
  apiKilled,
  sameJob,
  workerFrozen,
  postgresRestarted,
  postgresUnavailable,
  sqsFails,
  sqsSilent,
  sqsTwice,
  sqsOutOfOrder,
  s3MidUpload,
  poisonMessage,
  crashLoop,
  tenantFlood,
  clockSkew,
  listenCut,
  sigterm,
  claimsFail,
  queueLost,
  wakeUpsLost,
  slowReceiver,
  fullKind,
  unknownPayload,
  slowCommit,
  reapedWithoutQueue,
  paused,
  limited,
  twoReleases,
];
