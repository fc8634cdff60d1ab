import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestServices, testServices, user } from '../../../../tests/support/services.ts';
import { operations } from '../index.ts';

const { portfolio } = operations;

let platform: TestServices;
beforeAll(async () => {
  platform = await testServices();
});
afterAll(() => platform.stop());

const as = (subject: string) => platform.as(user(subject));

test('its creator owns a portfolio, and reads it as it was written', async () => {
  const input = { slug: 'mine', name: ' Mine ', tagline: 'Ποίηση', description: '# 作品\n' };
  const created = await portfolio.create.run(as('ada'), input);
  expect(created).toMatchObject({ ...input, name: 'Mine' });
  expect(created.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect(await portfolio.read.run(as('ada'), { portfolio: 'mine' })).toEqual(created);
  expect(
    await portfolio.update.run(as('ada'), { expectedVersion: '*', portfolio: 'mine', name: 'Ours' }),
  ).toMatchObject({
    name: 'Ours',
  });
});

test('of many concurrent requests for a slug, one succeeds, and the others store nothing', async () => {
  const attempts = await Promise.allSettled(
    Array.from({ length: 8 }, (_, at) =>
      portfolio.create.run(as(`racer-${at}`), { slug: 'wanted', name: 'Wanted' }),
    ),
  );
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const refusals = attempts.filter((attempt) => attempt.status === 'rejected');
  for (const { reason } of refusals) expect(reason).toMatchObject({ code: 'conflict' });
  const rows = await platform.sql`select person_id from members where person_id like 'racer-%'`;
  expect(rows).toHaveLength(1);
});

test('an update changes the given fields only', async () => {
  const before = await portfolio.create.run(as('ada'), { slug: 'part', name: 'Part', tagline: 'Stays' });
  const after = await portfolio.update.run(as('ada'), {
    expectedVersion: '*',
    portfolio: 'part',
    description: 'New',
  });
  expect(after).toEqual({
    ...before,
    description: 'New',
    version: expect.any(Number),
    updatedAt: expect.any(String),
  });
  expect(after.updatedAt > before.updatedAt).toBe(true);
});
