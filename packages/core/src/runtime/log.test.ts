import { DrizzleQueryError } from 'drizzle-orm';
import postgres from 'postgres';
import { expect, test } from 'vitest';
import { createLog } from './log.ts';

test('a failed query is logged with its statement and its cause, and without its parameters', () => {
  const lines: string[] = [];
  const log = createLog('test', 'info', { write: (line) => void lines.push(line) });
  const cause = new Error('the connection was closed');
  log.error(
    { err: new DrizzleQueryError('insert into notes values ($1)', ['a secret draft'], cause) },
    'oops',
  );
  expect(lines[0]).toContain('insert into notes');
  expect(lines[0]).toContain('the connection was closed');
  expect(lines[0]).not.toContain('a secret draft');
});

// The types of the driver know no fields.
const refusal = (fields: object) => new postgres.PostgresError(fields as unknown as string);

test('an error is logged with its causes, and without what users wrote in the queries among them', () => {
  const lines: string[] = [];
  const log = createLog('test', 'info', { write: (line) => void lines.push(line) });
  const text = 'a secret draft';
  const refusals = [
    refusal({ code: '22P02', message: `invalid input syntax for type integer: "${text}"`, where: text }),
    refusal({ code: '23505', message: 'duplicate key', detail: `Key (title)=(${text}) already exists.` }),
  ];
  for (const cause of refusals) {
    const query = new DrizzleQueryError('insert into notes values ($1)', [text], cause);
    log.error({ err: new Error('not stored', { cause: new Error('refused', { cause: query }) }) }, 'oops');
  }
  const [invalid, duplicate] = lines;
  expect(lines.join()).not.toContain(text);
  expect(JSON.parse(invalid!)).toMatchObject({
    err: {
      message: 'not stored',
      stack: expect.stringContaining('log.test.ts') as string,
      cause: {
        message: 'refused',
        cause: { query: 'insert into notes values ($1)', cause: { code: '22P02', type: 'PostgresError' } },
      },
    },
  });
  expect(duplicate).toContain('duplicate key');
});

test('errors that failed together are logged like causes, and causes that lead back to their error end', () => {
  const lines: string[] = [];
  const log = createLog('test', 'info', { write: (line) => void lines.push(line) });
  const query = new DrizzleQueryError('insert into notes values ($1)', ['a secret draft'], new Error('lost'));
  log.error({ err: new AggregateError([query], 'none was stored') }, 'oops');
  expect(lines[0]).not.toContain('a secret draft');
  expect(JSON.parse(lines[0]!)).toMatchObject({
    err: { message: 'none was stored', aggregateErrors: [{ message: 'A query failed.' }] },
  });
  const error = new Error('first');
  error.cause = new Error('second', { cause: error });
  log.error({ err: error }, 'oops');
  expect(JSON.parse(lines[1]!)).toMatchObject({ err: { message: 'first', cause: { message: 'second' } } });
});
