import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { missingToBreak } from '../api-rules.ts';
import { readHistory } from '../releases.ts';
import { root } from '../repository.ts';
import { goTool } from './install.ts';
import { runTool } from './run-tool.ts';

const document = 'packages/api/openapi.json';

/** Finds unannounced changes that break clients of the last release. */
export async function oasdiff() {
  const { releases, tree } = readHistory(root);
  const released = releases.at(-1);
  if (released === undefined) {
    console.log('oasdiff: there is no release yet.');
    return undefined;
  }
  const program = await goTool('oasdiff');
  const folder = await mkdtemp(join(tmpdir(), 'oasdiff-'));
  try {
    const baseline = join(folder, 'released.json');
    await writeFile(baseline, released.read(document)!);
    const found = await runTool(program, ['breaking', baseline, document, '--fail-on=ERR', '--color=never']);
    return missingToBreak(released, tree).length === 0 ? undefined : found;
  } finally {
    await rm(folder, { recursive: true });
  }
}
