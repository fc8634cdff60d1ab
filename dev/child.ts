import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inRepository } from './repository.ts';
import { inheritedEnvironment } from './settings.ts';

const leaveWithParent = pathToFileURL(inRepository('dev/leave-with-parent.mjs')).href;
const pauseBeforeRestartMilliseconds = 1000;

export type Child = {
  /** Process id of the running process. */
  pid: () => number | undefined;
  /** Asks it to end in order and waits until it has. */
  stop(): Promise<void>;
};

/**
 * Runs a program of ours in a process and process group of its own, so that Ctrl-C reaches only the parent, which
 * ends its children in order. A process that ends by itself is started again. Output goes to `logFile`.
 */
export function startChild(options: {
  name: string;
  entry: string;
  environment: Record<string, string>;
  logFile: string;
  log: (line: string) => void;
}): Child {
  const { name, entry, environment, logFile, log } = options;
  const output = openSync(logFile, 'a', 0o600);
  let stopping = false;
  let child: ChildProcess;

  function start() {
    // Stack traces in the log then name the sources, which costs a fifth of a second.
    const flags = ['--enable-source-maps', '--import', leaveWithParent];
    child = spawn(process.execPath, [...flags, entry], {
      env: { ...inheritedEnvironment(), ...environment },
      stdio: ['ignore', output, output, 'ipc'],
      detached: true,
    });
    child.once('exit', (code, signal) => void restart(signal ?? `code ${code}`));
  }

  async function restart(reason: string) {
    if (stopping) return;
    log(`The ${name} ended (${reason}) and is started again; see ${logFile}.`);
    await wait(pauseBeforeRestartMilliseconds);
    if (!stopping) start();
  }

  start();
  return {
    pid: () => child.pid,
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const [code, signal] = await ended;
      // One that was still starting ends by the signal itself.
      if (code !== 0 && signal !== 'SIGTERM')
        log(`The ${name} did not end in order (${signal ?? `code ${code}`}); see ${logFile}.`);
    },
  };
}
