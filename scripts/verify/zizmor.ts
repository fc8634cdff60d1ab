import { join } from 'node:path';
import { pythonTools } from './install.ts';
import { runTool } from './run-tool.ts';

/** Checks the security of the workflows and of Dependabot's configuration; exceptions are in .github/zizmor.yml. */
export async function zizmor() {
  const python = await pythonTools();
  const options = ['--offline', '--persona=pedantic', '--no-progress', '--color=never'];
  return runTool(join(python, 'bin/zizmor'), [...options, '.github']);
}
