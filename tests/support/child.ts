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

/** The user whom root's tests play a plain user with. */
export const plainUser = { uid: 65_534, gid: 65_534 };

const isRoot = process.getuid?.() === 0;

/** Keeps the child running, and ends it with the test run: its standard input closes then. */
const untilTheRunEnds = "process.stdin.on('end', () => process.kill(process.pid, 'SIGKILL')).resume();";

/**
 * Runs JavaScript (a module) in a Node process of its own, and returns when it has printed a line. The
 * process stays until it is ended.
 *
 * @param asPlainUser For root: run it under another user id, still able to read this folder.
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
