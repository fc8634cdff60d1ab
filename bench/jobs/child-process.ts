import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { inRepository } from '../../dev/repository.ts';
import { inheritedEnvironment } from '../../dev/settings.ts';
import type { Answer } from './serve.ts';

/** AWS clients of the programs find their credentials in the environment. */
export const credentialsFile = inRepository('bench/jobs/local.env');

export type CommandedProcess = ReturnType<typeof commandProcess>;

/** Runs a file of this folder, which calls `serve`, in a process of its own. Its standard output is discarded. */
export async function startProcess(file: string, flags: string[] = []) {
  const child = fork(inRepository(`bench/jobs/${file}`), [], {
    execArgv: [`--env-file=${credentialsFile}`, ...flags],
    env: inheritedEnvironment(),
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    serialization: 'advanced',
  });
  return commandProcess(child, file);
}

/** Sends commands to a process that calls `serve`; `file` names it in errors. */
export function commandProcess(child: ChildProcess, file: string) {
  const open = new Map<number, PromiseWithResolvers<unknown>>();
  const ended = once(child, 'exit');
  child.once('exit', (code, signal) => {
    for (const { reject } of open.values()) reject(new Error(`${file} ended (${signal ?? code}).`));
  });
  child.on('message', ({ id, answer, error }: Answer) => {
    const asked = open.get(id)!;
    open.delete(id);
    if (error === undefined) asked.resolve(answer);
    else asked.reject(new Error(`${file}: ${error}`));
  });
  let lastId = 0;
  return {
    /** Sends a command and resolves to its answer. */
    ask<T>(command: string, argument: unknown): Promise<T> {
      const id = (lastId += 1);
      const asked = Promise.withResolvers<unknown>();
      open.set(id, asked);
      child.send({ id, command, argument });
      return asked.promise as Promise<T>;
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}
