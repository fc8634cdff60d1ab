import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface Child {
  pid: number;
  /** The first line that it printed. */
  firstLine: string;
  /** Sends a signal and waits for the end of the process. */
  end(signal: NodeJS.Signals): Promise<void>;
}

/** The unprivileged user for tests that run as root. */
export const plainUser = { uid: 65_534, gid: 65_534 };

const isRoot = process.getuid?.() === 0;

/** Keeps the child running, and ends it with the test run, when its standard input is closed. */
const untilTheRunEnds = "process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();";

/**
 * Runs JavaScript (a module) in a separate Node process, and resolves when it has printed a line. The process runs until
 * it is ended.
 *
 * @param asPlainUser For root: run it as another user, who can still read this folder.
 */
export async function startChild(code: string, asPlainUser = false): Promise<Child> {
  const node = [process.execPath, '--input-type=module', '--eval', untilTheRunEnds + code];
  const [file = '', ...args] = asPlainUser && isRoot ? [...becomePlainUser(), ...node] : node;
  const child = spawn(file, args, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const firstLine = await Promise.race([readLine(child), ended.then(() => undefined)]);
  if (firstLine === undefined) throw new Error(`The child ended (${child.signalCode ?? child.exitCode}).`);
  return {
    pid: Number(child.pid),
    firstLine,
    async end(signal) {
      child.kill(signal);
      await ended;
    },
  };
}

function becomePlainUser(): string[] {
  const capability = ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  const identity = ['--reuid', String(plainUser.uid), '--regid', String(plainUser.gid), '--clear-groups'];
  return ['setpriv', ...identity, ...capability, '--securebits', '+no_setuid_fixup'];
}

async function readLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('The child has no output.');
  const [line]: unknown[] = await once(createInterface(child.stdout), 'line');
  return String(line);
}
