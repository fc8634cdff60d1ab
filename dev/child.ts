import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { inRepository } from './repository.ts';
import { inheritedEnvironment } from './settings.ts';

const exitWithParent = pathToFileURL(inRepository('dev/exit-with-parent.mjs')).href;
const pauseBeforeRestartMilliseconds = 1000;

export type Child = {
  /** The id of the current process. */
  pid: () => number | undefined;
  /** Terminates the process gracefully and waits for its end. */
  stop(): Promise<void>;
};

/**
 * Runs a program of the platform in its own process and process group, so that Ctrl-C reaches only the parent, which
 * stops its children in order. A process that ends unexpectedly is restarted. Output goes to `logFile`.
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
    // Stack traces in the log refer to the sources, at the cost of a fifth of a second.
    const flags = ['--enable-source-maps', '--import', exitWithParent];
    child = spawn(process.execPath, [...flags, entry], {
      env: { ...inheritedEnvironment(), ...environment },
      stdio: ['ignore', output, output, 'ipc'],
      detached: true,
    });
    child.once('exit', (code, signal) => void restart(signal ?? `code ${code}`));
  }

  async function restart(reason: string) {
    if (stopping) return;
    log(`The ${name} ended unexpectedly (${reason}) and is being restarted; see ${logFile}.`);
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
      // A process that was still starting is ended by the signal itself.
      if (code !== 0 && signal !== 'SIGTERM')
        log(`The ${name} did not stop gracefully (${signal ?? `code ${code}`}); see ${logFile}.`);
    },
  };
}
