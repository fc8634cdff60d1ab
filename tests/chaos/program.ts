import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { inheritedEnvironment } from '../../dev/settings.ts';

const exitWithParent = new URL('../../dev/exit-with-parent.mjs', import.meta.url).href;

/** A program of the platform that can be started and ended in different ways. It never outlives this process. */
export function createProgram(entry: string, environment: Record<string, string>, logFile: string) {
  let child: ChildProcess | undefined;
  let guard: ChildProcess | undefined;
  let starts = 0;
  const expectedToEnd = new WeakSet<ChildProcess>();
  const crashes: string[] = [];

  function start() {
    const output = openSync(logFile, 'a', 0o600);
    child = spawn(process.execPath, ['--import', exitWithParent, entry], {
      env: { ...inheritedEnvironment(), ...environment },
      stdio: ['ignore', output, output, 'ipc'],
      detached: true,
    });
    closeSync(output);
    starts++;
    const started = child;
    started.once('exit', (code, signal) => {
      const how = `a program exited unexpectedly (${signal ?? `code ${code}`}); see ${logFile}`;
      if (!expectedToEnd.has(started)) crashes.push(how);
    });
  }

  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;

  /** Resolves to the exit code, or to null if it was ended by a signal. */
  async function end(signal: NodeJS.Signals): Promise<number | null> {
    guard?.kill('SIGKILL');
    if (child) expectedToEnd.add(child);
    if (!child || !isRunning()) return child?.exitCode ?? null;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    child.kill('SIGCONT');
    const [code] = await exited;
    return code;
  }

  /** Sends SIGSTOP. A stopped process cannot notice that its parent has ended, so a shell ends it then. */
  function freeze() {
    if (!child?.pid) return;
    guard = spawn('/bin/sh', ['-c', 'read -r line; kill -KILL "$0"', String(child.pid)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    child.kill('SIGSTOP');
  }

  function thaw() {
    child?.kill('SIGCONT');
    guard?.kill('SIGKILL');
    guard = undefined;
  }

  return {
    start,
    isRunning,
    freeze,
    thaw,
    logFile,
    pid: () => child?.pid,
    starts: () => starts,
    /** Its unexpected exits. */
    crashes,
    /** Sends SIGKILL; resolves when the process has ended. */
    kill: () => end('SIGKILL'),
    /** Sends SIGTERM; resolves at the end of the graceful stop. */
    terminate: () => end('SIGTERM'),
  };
}

export type Program = ReturnType<typeof createProgram>;
