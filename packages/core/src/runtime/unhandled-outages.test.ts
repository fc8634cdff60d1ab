import { expect, test } from 'vitest';
import { startChild } from '../../../../tests/support/child.ts';

const moduleAt = (path: string) => new URL(path, import.meta.url).href;

/** A process with an unhandled rejection, which prints a line a moment later if it is still running. */
const leaveBehind = (error: string) =>
  startChild(`
    const { createLog } = await import('${moduleAt('./log.ts')}');
    const { ignoreUnhandledOutages } = await import('${moduleAt('./unhandled-outages.ts')}');
    ignoreUnhandledOutages(createLog('child', 'silent'));
    process.on('uncaughtException', ({ message }) => console.log('ends by ' + message));
    void Promise.reject(${error});
    setTimeout(() => console.log('continues'), 200);`);

test.each([
  ['an outage', "Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })", 'continues'],
  ['a mistake', "new TypeError('no function')", 'ends by no function'],
])('on an unhandled rejection by %s, the process %s', async (_, error, printed) => {
  const child = await leaveBehind(error);
  await child.end('SIGKILL');
  expect(child.firstLine).toBe(printed);
});
