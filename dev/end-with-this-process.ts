import { type ChildProcess, spawn } from 'node:child_process';
import { inheritedEnvironment } from './settings.ts';

/** Starts a shell that stops a child by SIGINT when this process ends, which closes the pipe to the shell. */
export function endWithThisProcess(child: ChildProcess): void {
  const guard = spawn('/bin/sh', ['-c', 'read -r line; kill -INT "$0"', String(child.pid)], {
    env: inheritedEnvironment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.once('exit', () => guard.kill('SIGKILL'));
}
