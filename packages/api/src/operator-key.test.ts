import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { urlOf } from '../../../dev/database-users.ts';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import { readCommand, runCommand } from './operator-key-command.ts';

let api: TestApi;
beforeAll(async () => {
  api = await testApi();
});
afterAll(() => api.stop());

const run = (...args: string[]) => runCommand(api.db, readCommand(args));
const status = async (key: string, method: 'GET' | 'POST', path: string, json?: object) =>
  (await api.call(method, `/api/v1/operator/${path}`, { key, ...(json && { json }) })).status;
const pause = { kind: 'export.pdf', reason: 'A test' };

test('the program makes a key as the user of the API, and prints nothing else', async () => {
  const program = fileURLToPath(new URL('operator-key.ts', import.meta.url));
  const DATABASE_URL = urlOf('portfolio_api', api.databaseUrl);
  const env = { DATABASE_URL, AWS_REGION: 'local' };
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, 'alex'], { env });
  expect(stderr).toMatch(/^key_\w+ \(operator:read\) ends /);
  const key = stdout.trim();
  expect(await status(key, 'GET', 'health')).toBe(200);
  expect(await status(key, 'POST', 'pauses', pause)).toBe(403);
});

test('a key that may act ends when it is asked to, or by its day', async () => {
  const { output: key } = await run('robin', '--write', '--days', '1');
  expect(await status(key!, 'POST', 'pauses', pause)).toBe(200);
  const listed = JSON.parse((await run('--list')).output!) as {
    id: string;
    name: string;
    expiresAt: string;
  }[];
  const { id, expiresAt } = listed.find(({ name }) => name === 'robin')!;
  expect(Date.parse(expiresAt)).toBeLessThan(Date.now() + 25 * 3_600_000);
  expect(await run('--revoke', id)).toEqual({ about: `${id} has ended.` });
  expect(await status(key!, 'GET', 'health')).toBe(401);
});

test.each([[], ['alex', '--list'], ['alex', '--days', '400'], ['alex', '--days', 'x'], ['a', 'b']])(
  'arguments %j are refused with the usage',
  (...args) => {
    expect(() => readCommand(args)).toThrow('operator-key <name>');
  },
);
