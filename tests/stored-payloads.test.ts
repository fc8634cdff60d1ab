import { type JobKind, jobKindSchema } from '@portfolio/core/job/kinds';
import forms from '../packages/core/src/stored-forms.json' with { type: 'json' };
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type JobFixture, jobFixture } from './support/jobs.ts';
import { runAttempt, testRunner } from './support/runner.ts';

let fixture: JobFixture;
beforeAll(async () => {
  fixture = await jobFixture();
});
afterAll(() => fixture.stop());

const payloads = jobKindSchema.options.flatMap((kind) =>
  forms[`jobs.payload ${kind}`].map((form): [JobKind, object] => [kind, form]),
);

test.each(payloads)(
  'a job %s that an earlier version accepted runs with its payload: %j',
  async (kind, form) => {
    const { id } = await fixture.accept();
    await fixture.db.execute(
      sql`update jobs set kind = ${kind}, payload = ${JSON.stringify(form)}::jsonb where id = ${id}`,
    );
    const asked: unknown[] = [];
    const handler = async (payload: unknown) => {
      asked.push(payload);
      return forms[`jobs.result ${kind}`].at(-1)!;
    };
    const runner = testRunner(fixture);
    const handlers = { ...runner.handlers, [kind]: async () => handler };
    await runAttempt({ ...runner, handlers }, id);
    expect(asked).toMatchObject([form]);
  },
);

test('a job with a field in its payload that this release does not know waits for a newer one', async () => {
  const { id } = await fixture.accept();
  await fixture.db.execute(sql`update jobs set payload = payload || '{"paper": "a5"}' where id = ${id}`);
  await runAttempt(testRunner(fixture), id);
  const job = await fixture.read(id);
  expect(job).toMatchObject({ state: 'queued', error: { code: 'invalid_payload' } });
  expect(job.maxAttempts - job.attempt).toBe(5);
});
