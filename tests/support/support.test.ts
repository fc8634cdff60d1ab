import { ListQueuesCommand, CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { testAws } from './aws.ts';
import { testDatabase } from './database.ts';

test('the databases of tests are separate', async () => {
  const [one, two] = await Promise.all([testDatabase(), testDatabase()]);
  const [sqlOne, sqlTwo] = [postgres(one.url), postgres(two.url)];
  await sqlOne`create table notes (body text)`;
  await expect(sqlTwo`select * from notes`).rejects.toThrow('"notes" does not exist');
  await Promise.all([sqlOne.end(), sqlTwo.end()]);
  await Promise.all([one.drop(), two.drop()]);
});

test('a test database can be dropped while clients are connected', async () => {
  const database = await testDatabase();
  const sql = postgres(database.url, { max: 1 });
  await sql`select 1`;
  await database.drop();
  await sql.end({ timeout: 0 });
  await expect(postgres(database.url, { max: 1 })`select 1`).rejects.toThrow('does not exist');
});

test('every test AWS is empty', async () => {
  const [one, two] = await Promise.all([testAws(), testAws()]);
  const [first, second] = [one, two].map(
    ({ endpoint }) =>
      new SQSClient({
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      }),
  );
  await first?.send(new CreateQueueCommand({ QueueName: 'jobs.fifo' }));
  expect((await second?.send(new ListQueuesCommand()))?.QueueUrls ?? []).toEqual([]);
  await Promise.all([one.stop(), two.stop()]);
});
