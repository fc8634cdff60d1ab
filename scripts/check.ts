/**
 * `npm run check`: everything about the sources that needs no database. Runs all steps at once, prints one line for
 * each and the output of those that fail, and ends non-zero if any did.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { installPlatform } from '../tests/infra/synth/platform.ts';
import {
  findBrokenReferences,
  findRegistryAddresses,
  findMachinePaths,
  findUnpreparedQueries,
  type Files,
} from './house-rules.ts';

/** Gives undefined when all is well, else what to show. */
type Check = () => Promise<string | undefined>;

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** Runs a program of node_modules/.bin with this very Node. */
function tool(name: string, ...args: string[]): Check {
  return async () => {
    const child = spawn(process.execPath, [`node_modules/.bin/${name}`, ...args], { cwd: root });
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
    return code === 0 ? undefined : `${out}${err}`;
  };
}

function rule(find: (files: Files) => string[]): Check {
  return async () => {
    const problems = find(files);
    return problems.length === 0 ? undefined : problems.join('\n');
  };
}

/** What git tracks or would track. */
function readFiles(): Files {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const paths = listed.toString().split('\0');
  const present = paths.filter((path) => path !== '' && existsSync(`${root}/${path}`));
  return new Map(
    present.map((path) => {
      const content = readFileSync(`${root}/${path}`);
      return [path, content.includes(0) ? '' : content.toString()];
    }),
  );
}

// Types of the stacks are SST's and its providers'.
await installPlatform();

const files = readFiles();
const projects = globSync(['tsconfig.json', 'packages/*/tsconfig.json', 'stacks/tsconfig.json'], {
  cwd: root,
});

const steps: Record<string, Check> = {
  format: tool('oxfmt', '--check'),
  lint: tool('oxlint', '--type-aware', '--deny-warnings'),
  ...Object.fromEntries(projects.map((project) => [`types of ${project}`, tool('tsc', '-p', project)])),
  'dead code': tool('knip', '--no-progress'),
  'references in documents': rule(findBrokenReferences),
  'paths of one machine': rule((all) => findMachinePaths(all, root)),
  'unprepared queries': rule(findUnpreparedQueries),
  lockfile: rule(findRegistryAddresses),
};

const started = performance.now();
const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;

const outcomes = await Promise.all(
  Object.entries(steps).map(async ([name, check]) => {
    const output = await check();
    console.log(`${output === undefined ? 'ok    ' : 'FAILED'} ${name} (${seconds()})`);
    if (output !== undefined) console.log(`\n${output.trim()}\n`);
    return { name, failed: output !== undefined };
  }),
);

const failed = outcomes.filter((outcome) => outcome.failed).map((outcome) => outcome.name);
console.log(failed.length === 0 ? `All clean after ${seconds()}.` : `Not clean: ${failed.join(', ')}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
