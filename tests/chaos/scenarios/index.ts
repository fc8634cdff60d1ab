import type { Scenario } from '../scenario.ts';
import { answersLost } from './answers-lost.ts';
import { apiKilled } from './api-killed.ts';
import { claimsFail } from './claims-fail.ts';
import { clockSkew } from './clock-skew.ts';
import { fullKind } from './full-kind.ts';
import { limited } from './limited.ts';
import { listenCut } from './listen-cut.ts';
import { paused } from './paused.ts';
import { crashLoop, poisonMessage } from './poison.ts';
import { postgresUnavailable, postgresRestarted } from './postgres.ts';
import { queueLost } from './queue-lost.ts';
import { reapedWithoutQueue } from './reaped-without-queue.ts';
import { s3MidUpload } from './s3.ts';
import { sameJob } from './same-job.ts';
import { sigterm } from './sigterm.ts';
import { slowCommit } from './slow-commit.ts';
import { slowReceiver } from './slow-receiver.ts';
import { sqsFails, sqsSilent, sqsTwice } from './sqs.ts';
import { syncKilled } from './sync-killed.ts';
import { tenantFlood } from './tenant-flood.ts';
import { twoReleases } from './two-releases.ts';
import { unknownPayload } from './unknown-payload.ts';
import { wakeUpsLost } from './wake-ups-lost.ts';
import { workerFrozen } from './worker-frozen.ts';
import { workerKilled } from './worker-killed.ts';

/** Every scenario, in the order of docs/chaos-testing.md. */
export const scenarios: Scenario[] = [
  workerKilled,
  syncKilled,
  apiKilled,
  workerFrozen,
  sameJob,
  answersLost,
  claimsFail,
  postgresRestarted,
  postgresUnavailable,
  sqsFails,
  sqsSilent,
  sqsTwice,
  wakeUpsLost,
  queueLost,
  reapedWithoutQueue,
  s3MidUpload,
  poisonMessage,
  crashLoop,
  unknownPayload,
  twoReleases,
  tenantFlood,
  fullKind,
  slowReceiver,
  limited,
  paused,
  slowCommit,
  clockSkew,
  listenCut,
  sigterm,
];
