import { inheritedEnvironment } from '../../dev/settings.ts';
import { root } from '../repository.ts';
import { run } from '../steps.ts';

/** Runs a tool; gives its output where it is not content, or not done in time. */
export async function runTool(
  program: string,
  args: string[],
  { cwd = root, timeoutSeconds = 300 } = {},
): Promise<string | undefined> {
  const env = { ...inheritedEnvironment(), OASDIFF_NO_TELEMETRY: '1' };
  const { code, output } = await run(program, args, { cwd, env, timeout: timeoutSeconds * 1000 });
  if (code === null) return `${output}\nEnded after ${timeoutSeconds} s.`;
  return code === 0 ? undefined : output;
}
