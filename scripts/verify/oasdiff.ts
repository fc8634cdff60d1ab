import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHistory } from '../releases.ts';
import { root } from '../repository.ts';
import { goTool } from './install.ts';
import { runTool } from './run-tool.ts';

const document = 'packages/api/openapi.json';

/** What a client of the last release could not do any more. */
export async function oasdiff() {
  const released = readHistory(root).releases.at(-1)?.read(document);
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
