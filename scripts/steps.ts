import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Resolves to undefined on success, otherwise to the output to print. */
export type Step = () => Promise<string | undefined>;

/** Runs all steps concurrently, prints a line for each and the output of failed ones, and sets the exit code. */
export async function runSteps(steps: Record<string, Step>): Promise<void> {
  const started = performance.now();
  const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const outcomes = await Promise.all(
    Object.entries(steps).map(async ([name, step]) => {
      const output = await step().catch((error: unknown) => describeError(error));
      console.log(`${output === undefined ? 'ok    ' : 'FAILED'} ${name} (${seconds()})`);
      if (output !== undefined) console.log(`\n${output.trim()}\n`);
      return { name, failed: output !== undefined };
    }),
  );
  const failed = outcomes.filter((outcome) => outcome.failed).map((outcome) => outcome.name);
  console.log(failed.length === 0 ? `All clean after ${seconds()}.` : `Not clean: ${failed.join(', ')}.`);
  process.exitCode = failed.length === 0 ? 0 : 1;
}

const describeError = (error: unknown) => (error instanceof Error ? error.message : String(error));

type RunOptions = { cwd?: string; env?: NodeJS.ProcessEnv; /** In milliseconds. */ timeout?: number };

/**
 * Runs a program and collects its output. The exit code is null if a signal ended it.
 *
 * @throws Error with the code ENOENT if there is no such program.
 */
export async function run(program: string, args: string[], options: RunOptions) {
  const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: out + err };
}
