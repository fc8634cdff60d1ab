import { inheritedEnvironment } from '../../dev/settings.ts';
import { root } from '../repository.ts';
import { run } from '../steps.ts';

/** Runs a tool on the repository; gives its output where it is not content. */
export async function runTool(program: string, args: string[]): Promise<string | undefined> {
  const { code, output } = await run(program, args, { cwd: root, env: inheritedEnvironment() });
  return code === 0 ? undefined : output;
}
