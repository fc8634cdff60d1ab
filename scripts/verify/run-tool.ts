import { inheritedEnvironment } from '../../dev/settings.ts';
import { root } from '../repository.ts';
import { run } from '../steps.ts';

/** Runs a tool; resolves to its output if it fails or times out. */
export async function runTool(
  program: string,
  args: string[],
  { cwd = root, timeoutSeconds = 300 } = {},
): Promise<string | undefined> {
  const env = { ...inheritedEnvironment(), OASDIFF_NO_TELEMETRY: '1' };
  const { code, output } = await run(program, args, { cwd, env, timeout: timeoutSeconds * 1000 });
  if (code === null) return `${output}\nTimed out after ${timeoutSeconds} s.`;
  return code === 0 ? undefined : output;
}
