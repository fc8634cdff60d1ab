import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The slowest files, the slowest first, as measured on two processors. */
const slowest = [
  'tests/infra/mutations.exhaustive.test.ts',
  'tests/infra/synth.exhaustive.test.ts',
  'tests/chaos/chaos.test.ts',
  'tests/e2e/main-job.test.ts',
  'packages/core/src/runtime/database.test.ts',
  'tests/e2e/start.test.ts',
  'packages/worker/src/handlers/evidence-sync.test.ts',
  'dev/postgres.test.ts',
  'packages/api/src/rest/openapi-lint.exhaustive.test.ts',
  'packages/worker/src/pdf/memory.exhaustive.test.ts',
  'packages/worker/src/worker.test.ts',
  'packages/worker/src/stop.test.ts',
  'tests/failover.test.ts',
  'packages/api/src/parity.test.ts',
  'dev/sst/sst-dev.test.ts',
  'packages/worker/src/cancel.test.ts',
  'packages/worker/src/handlers/export-pdf.test.ts',
  'tests/infra/admission.test.ts',
  'tests/e2e/examples.test.ts',
  'packages/core/src/runtime/aws.test.ts',
  'packages/api/src/published-cache.test.ts',
  'packages/worker/src/pdf/render-threads.test.ts',
  'packages/core/src/upload/upload.test.ts',
];

/** Runs the slowest files first: the last one would run alone for half a minute otherwise. */
export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await BaseSequencer.prototype.sort.call(this, files);
    return sorted.toSorted((one, other) => rankOf(one) - rankOf(other));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const at = slowest.findIndex((file) => moduleId.endsWith(`/${file}`));
  return at === -1 ? slowest.length : at;
}
