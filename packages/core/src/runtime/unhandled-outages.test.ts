import { expect, test } from 'vitest';
import { startChild } from '../../../../tests/support/child.ts';

const moduleAt = (path: string) => new URL(path, import.meta.url).href;

/** A process that leaves a rejected promise behind, and says so a moment later if it is still there. */
const leaveBehind = (error: string) =>
  startChild(`
    const { createLog } = await import('${moduleAt('./log.ts')}');
    const { ignoreUnhandledOutages } = await import('${moduleAt('./unhandled-outages.ts')}');
    ignoreUnhandledOutages(createLog('child', 'silent'));
    process.on('uncaughtException', ({ message }) => console.log('ends by ' + message));
    void Promise.reject(${error});
    setTimeout(() => console.log('goes on'), 200);`);

test.each([
  ['an outage', "Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })", 'goes on'],
  ['a mistake', "new TypeError('no function')", 'ends by no function'],
])('%s that nobody waited for: the process %s', async (_, error, said) => {
  const child = await leaveBehind(error);
  await child.end('SIGKILL');
  expect(child.firstLine).toBe(said);
});
