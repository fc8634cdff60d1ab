import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { inheritedEnvironment } from '../../../dev/settings.ts';
import { App } from './app.ts';
import { bundleProgram } from './bundle.ts';
import { region } from './fakes.ts';
import { installPlatform, platformFolder, repository, sstFolder } from './platform.ts';
import type { Request, Synthesis } from './resource.ts';

const bundleFolder = join(platformFolder, 'synth');

/**
 * Evaluates sst.config.ts for a stage with SST's components and Pulumi's mocks, and caches the result until a source
 * changes. The stage `dev` is `sst dev`. Throws if the program fails, or needs a data source without a fake.
 *
 * @returns The file that holds the resources, for `readApp`.
 */
export async function evaluateStage(stage: string): Promise<string> {
  const { bundleFile, hash } = await (bundled ??= makeBundle());
  const outFile = join(bundleFolder, `${hash}-${stage}.json`);
  const request = requestOf(stage, outFile);
  if (!existsSync(outFile)) await evaluate(bundleFile, request);
  if (!('error' in (await readSynthesis(outFile)))) return outFile;
  // Evaluates again with source maps for the stack trace; they are too slow to use always.
  await evaluate(bundleFile, request, '--enable-source-maps');
  const synthesis = await readSynthesis(outFile);
  await rm(outFile);
  throw new Error(
    `The stage ${stage} cannot be evaluated: ${'error' in synthesis ? synthesis.error : 'the second evaluation succeeded'}`,
  );
}

/** The resources that `evaluateStage` wrote. */
export async function readApp(file: string): Promise<App> {
  const synthesis = await readSynthesis(file);
  if ('error' in synthesis) throw new Error(synthesis.error);
  return new App(synthesis.resources, synthesis.outputs);
}

/** The resources of a stage, evaluated as `evaluateStage` does. */
export const synthesize = async (stage: string): Promise<App> => readApp(await evaluateStage(stage));

/** Shared by all evaluations of this process. */
let bundled: Promise<{ bundleFile: string; hash: string }> | undefined;

async function makeBundle() {
  await installPlatform();
  const hash = await hashSources();
  const bundleFile = join(bundleFolder, `${hash}.mjs`);
  if (!existsSync(bundleFile)) {
    await rm(bundleFolder, { recursive: true, force: true });
    await mkdir(bundleFolder, { recursive: true });
    await bundleProgram(bundleFile);
  }
  return { bundleFile, hash };
}

const readSynthesis = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as Synthesis;

/** The constants that SST would insert. */
function requestOf(stage: string, outFile: string): Request {
  const dev = stage === 'dev';
  const paths = {
    home: join(sstFolder, 'home'),
    root: repository,
    work: sstFolder,
    platform: platformFolder,
  };
  return {
    app: { name: 'portfolio', stage: dev ? 'personal' : stage },
    cli: { command: 'deploy', dev, state: { version: {} }, paths },
    dev,
    outFile,
  };
}

async function evaluate(bundleFile: string, request: Request, ...flags: string[]): Promise<void> {
  const node = [...flags, '--no-deprecation', bundleFile, JSON.stringify(request)];
  const env = {
    ...inheritedEnvironment(),
    AWS_REGION: region,
    // Set by operators with `sst secret set`.
    SST_SECRET_ClientAuthorities: 'PEM of authorities',
    SST_SECRET_RevokedClients: 'PEM of revoked certificates',
  };
  const child = promisify(execFile)(process.execPath, node, {
    cwd: repository,
    env,
    maxBuffer: 64 * 2 ** 20,
  });
  const { stderr } = await child.catch((error: { stderr?: string; message: string }) => ({
    stderr: error.stderr ?? error.message,
  }));
  if (!existsSync(request.outFile))
    throw new Error(`The evaluation of the stage ${request.app.stage} ended without a result:\n${stderr}`);
}

/** A hash of all sources of a synthesis. */
async function hashSources(): Promise<string> {
  const patterns = [
    'sst.config.ts',
    'stacks/**/*',
    'packages/core/src/runtime/settings.ts',
    'Dockerfile',
    'tests/infra/synth/*.ts',
  ];
  const files = globSync(patterns, { cwd: repository, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .toSorted();
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  return hash.digest('hex').slice(0, 16);
}
