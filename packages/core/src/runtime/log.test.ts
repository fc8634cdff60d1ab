import { DrizzleQueryError } from 'drizzle-orm';
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
