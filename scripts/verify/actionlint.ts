import { join } from 'node:path';
import { goTool, pythonTools } from './install.ts';
import { runTool } from './run-tool.ts';

/** Checks syntax, types and shell scripts of the workflows. */
export async function actionlint() {
  const [program, python] = await Promise.all([goTool('actionlint'), pythonTools()]);
  return runTool(program, ['-no-color', `-shellcheck=${join(python, 'bin/shellcheck')}`, '-pyflakes=']);
}
