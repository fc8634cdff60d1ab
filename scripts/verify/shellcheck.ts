import { join } from 'node:path';
import { readFiles } from '../repository.ts';
import { pythonTools } from './install.ts';
import { runTool } from './run-tool.ts';

/** Checks every file whose first line names a shell. */
export async function shellcheck() {
  const scripts = [...readFiles()].flatMap(([path, text]) =>
    /^#!.*\b(ba|da|k)?sh\b/.test(text) ? path : [],
  );
  const python = await pythonTools();
  return runTool(join(python, 'bin/shellcheck'), ['--color=never', ...scripts]);
}
