/** `npm run check`: all checks of the sources that need no database. */
import { globSync } from 'node:fs';
import { writeTypes } from '../packages/api/src/rest/openapi-types.ts';
import { installPlatform } from '../tests/infra/synth/platform.ts';
import {
  findBrokenReferences,
  findRegistryAddresses,
  findMachinePaths,
  findPrivateWords,
  findUnpreparedQueries,
  findUpwardImports,
  type Files,
} from './house-rules.ts';
import { readFiles, root } from './repository.ts';
import { run, runSteps, type Step } from './steps.ts';

/** Runs a program of node_modules/.bin with the Node of this process. */
function tool(name: string, ...args: string[]): Step {
  return async () => {
    const { code, output } = await run(process.execPath, [`node_modules/.bin/${name}`, ...args], {
      cwd: root,
    });
    return code === 0 ? undefined : output;
  };
}

function rule(find: (files: Files) => string[]): Step {
  return async () => {
    const problems = find(files);
    return problems.length === 0 ? undefined : problems.join('\n');
  };
}

// The stacks need the types of SST and its providers; a test needs those of the API's document.
await installPlatform();
await writeTypes();

const files = readFiles();
const projects = globSync(['tsconfig.json', 'packages/*/tsconfig.json', 'stacks/tsconfig.json'], {
  cwd: root,
});

await runSteps({
  format: tool('oxfmt', '--check'),
  lint: tool('oxlint', '--type-aware', '--deny-warnings'),
  ...Object.fromEntries(projects.map((project) => [`types of ${project}`, tool('tsc', '-p', project)])),
  'dead code': tool('knip', '--no-progress'),
  'references in documents': rule(findBrokenReferences),
  'paths of one machine': rule((all) => findMachinePaths(all, root)),
  'unprepared queries': rule(findUnpreparedQueries),
  'layers of core': rule(findUpwardImports),
  'private words': rule(findPrivateWords),
  lockfile: rule(findRegistryAddresses),
});
