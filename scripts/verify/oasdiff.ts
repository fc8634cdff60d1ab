import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../repository.ts';
import { goTool } from './install.ts';
import { runTool } from './run-tool.ts';

const document = 'packages/api/openapi.json';

/** What a client of the last release could not do any more. */
export async function oasdiff() {
  const released = await readReleasedDocument();
  if (released === undefined) {
    console.log('oasdiff: nothing is released yet.');
    return undefined;
  }
  const program = await goTool('oasdiff');
  const folder = await mkdtemp(join(tmpdir(), 'oasdiff-'));
  try {
    const baseline = join(folder, 'released.json');
    await writeFile(baseline, released);
    return await runTool(program, ['breaking', baseline, document, '--fail-on=ERR', '--color=never']);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A release is a commit that changes `version` in package.json; undefined before the first one. */
async function readReleasedDocument() {
  const lines = await git('log', '-1', '--format=%H', '-G^  "version": ', '--', 'package.json');
  const commit = lines.trim();
  return commit === '' ? undefined : git('show', `${commit}:${document}`);
}

async function git(...args: string[]) {
  const { stdout } = await promisify(execFile)('git', args, { cwd: root, maxBuffer: 64 * 2 ** 20 });
  return stdout;
}
