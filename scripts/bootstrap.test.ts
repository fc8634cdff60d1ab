import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const run = promisify(execFile);
const bootstrap = fileURLToPath(new URL('bootstrap.mjs', import.meta.url));
const machineNode = process.versions.node;

// Every step starts programs, which takes seconds on a busy machine.
vi.setConfig({ testTimeout: 30_000 });

let clone: string;

beforeEach(async () => {
  clone = await mkdtemp(join(tmpdir(), 'bootstrap-'));
  await mkdir(join(clone, 'scripts'));
  await cp(bootstrap, join(clone, 'scripts', 'bootstrap.mjs'));
  await writePackage({ engines: { node: '>=20' } });
  await writeLockfile('1.0.0');
});

afterEach(() => rm(clone, { recursive: true, force: true }));

const inClone = (...path: string[]) => join(clone, ...path);

function writePackage(fields: object) {
  return writeFile(inClone('package.json'), JSON.stringify({ name: 'clone', private: true, ...fields }));
}

function writeLockfile(version: string, packages: object = {}) {
  const root = { name: 'clone', version };
  const lockfile = {
    name: 'clone',
    version,
    lockfileVersion: 3,
    requires: true,
    packages: { '': root, ...packages },
  };
  return writeFile(inClone('package-lock.json'), JSON.stringify(lockfile));
}

/** A fake npm: records its arguments and its Node version, then runs the given code. */
async function fakeNpm(body = '') {
  const log = `appendFileSync('npm.log', process.argv.slice(2).join(' ') + ' on ' + process.versions.node + '\\n');`;
  const head = `const { appendFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } = require('node:fs');`;
  await writeFile(inClone('npm-cli.js'), `${head}\n${log}\n${body}`);
}

/** Code for the fake npm that installs a Node which reports `version`. */
const installNode = (version: string) => `
  mkdirSync('node_modules/.bin', { recursive: true });
  writeFileSync('node_modules/.bin/node', '#!/bin/sh\\necho ${version}\\n', { mode: 0o755 });`;

async function npmCalls() {
  const log = existsSync(inClone('npm.log')) ? await readFile(inClone('npm.log'), 'utf8') : '';
  return log.split('\n').filter((line) => line !== '');
}

/** The environment of npm scripts: the folder's programs and then this Node are first on the PATH. */
function environmentOfScripts() {
  const path = [inClone('node_modules', '.bin'), dirname(process.execPath), '/usr/bin', '/bin'].join(':');
  return { ...process.env, PATH: path, npm_execpath: inClone('npm-cli.js') };
}

/** Starts the bootstrap as an npm script would. */
function start(environment: Record<string, string> = {}) {
  const child = spawn(process.execPath, [inClone('scripts', 'bootstrap.mjs')], {
    env: { ...environmentOfScripts(), ...environment },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output = text(child.stderr);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return {
    child,
    result: Promise.all([ended, output]).then(([code, printed]) => ({ code, output: printed })),
  };
}

async function bootstrapOnce(npm?: string) {
  const { result } = start(npm === undefined ? {} : { npm_execpath: npm });
  return await result;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(condition: () => boolean) {
  const deadline = Date.now() + 20_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('The condition did not come true within 20 s.');
    await new Promise((resolve) => {
      setTimeout(resolve, 10);
    });
  }
}

describe('node_modules', () => {
  it('is installed once by the real npm, and afterwards nothing is printed or done', async () => {
    const { stdout } = await run('which', ['npm']);
    const npm = (await run('realpath', [stdout.trim()])).stdout.trim();
    await writePackage({ engines: { node: '>=20' }, workspaces: ['packages/*'] });
    await mkdir(inClone('packages', 'a'), { recursive: true });
    await writeFile(inClone('packages', 'a', 'package.json'), '{ "name": "a", "version": "1.0.0" }');
    await writeLockfile('1.0.0', {
      'packages/a': { version: '1.0.0' },
      'node_modules/a': { resolved: 'packages/a', link: true },
    });
    const lockfile = await readFile(inClone('package-lock.json'), 'utf8');

    const first = await bootstrapOnce(npm);
    expect(first.output).toContain('not installed yet');
    expect(first.output).toContain('Ready after');
    expect(first.code).toBe(0);
    expect(existsSync(inClone('node_modules', 'a', 'package.json'))).toBe(true);
    expect(await readFile(inClone('package-lock.json'), 'utf8')).toBe(lockfile);

    expect(await bootstrapOnce(npm)).toEqual({ code: 0, output: '' });
  });

  it('is updated when the lockfile changes, and again when it changes back', async () => {
    await fakeNpm();
    await bootstrapOnce();
    await writeLockfile('2.0.0');
    expect((await bootstrapOnce()).output).toContain('package-lock.json has changed');
    await writeLockfile('1.0.0');
    expect((await bootstrapOnce()).output).toContain('package-lock.json has changed');
    expect(await npmCalls()).toHaveLength(3);
  });

  it('is unchanged when only the times of files change', async () => {
    await fakeNpm();
    await bootstrapOnce();
    await utimes(inClone('package-lock.json'), new Date(), new Date(Date.now() + 3_600_000));
    expect(await bootstrapOnce()).toEqual({ code: 0, output: '' });
    expect(await npmCalls()).toHaveLength(1);
  });

  it('is completed when a package was deleted, or is missing from a restored cache', async () => {
    await writeLockfile('1.0.0', {
      'node_modules/wanted': { version: '1.0.0' },
      'node_modules/other-system': { version: '1.0.0', optional: true },
    });
    await fakeNpm(`mkdirSync('node_modules/wanted', { recursive: true });`);
    await bootstrapOnce();
    await rm(inClone('node_modules', 'wanted'), { recursive: true });
    expect((await bootstrapOnce()).output).toContain('missing from node_modules');
    expect(await bootstrapOnce()).toEqual({ code: 0, output: '' });
  });

  it('is installed again after a failed install', async () => {
    await fakeNpm();
    await bootstrapOnce();
    await writeLockfile('2.0.0');
    await fakeNpm('process.exit(1)');
    expect((await bootstrapOnce()).code).toBe(1);
    await writeLockfile('1.0.0');
    await fakeNpm();
    expect((await bootstrapOnce()).output).toContain('Ready after');
  });
});

describe('the lockfile', () => {
  it('is installed exactly on a fresh clone; later, an existing install is updated to it', async () => {
    await fakeNpm(
      `mkdirSync('node_modules', { recursive: true }); writeFileSync('node_modules/.package-lock.json', '');`,
    );
    await bootstrapOnce();
    await writeLockfile('2.0.0');
    await bootstrapOnce();
    expect(await npmCalls()).toEqual([
      expect.stringMatching(/^ci /),
      expect.stringMatching(/^install --no-save /),
    ]);
  });
});

describe("npm's cache", () => {
  it('is in the clone if the default one is not writable', async () => {
    await fakeNpm();
    await writeFile(inClone('file'), '');
    const { result } = start({ npm_config_cache: inClone('file', 'cache') });
    expect(await result).toMatchObject({ code: 0, output: expect.stringContaining('may not write to npm') });
    expect((await npmCalls())[0]).toContain(`--cache=${inClone('build', 'npm-cache')}`);
  });

  it('is the default one otherwise, even if it does not exist yet', async () => {
    await fakeNpm();
    await start({ npm_config_cache: inClone('new', 'cache') }).result;
    expect((await npmCalls())[0]).not.toContain('--cache');
  });
});

describe('the Node of npm scripts', () => {
  it('is the one of the machine if that is recent enough', async () => {
    await fakeNpm();
    const { output } = await bootstrapOnce();
    expect(output).toContain(`on Node ${machineNode}.`);
    expect((await npmCalls())[0]).not.toContain('node@');
  });

  it('is installed by npm if the one of the machine is too old, and then reused', async () => {
    await writePackage({ engines: { node: '>=98.2' } });
    await fakeNpm(installNode('98.10.1'));
    const { code, output } = await bootstrapOnce();
    expect(output).toContain(`Node ${machineNode} is older than 98.2`);
    expect(output).toContain('on Node 98.10.1.');
    expect(code).toBe(0);
    expect((await npmCalls())[0]).toContain('node@^98.2 ');
    expect(await bootstrapOnce()).toEqual({ code: 0, output: '' });
  });

  it('is installed again after another install removed it', async () => {
    await writePackage({ engines: { node: '>=98' } });
    await fakeNpm(installNode('98.0.0'));
    await bootstrapOnce();
    await rm(inClone('node_modules', '.bin', 'node'));
    expect((await bootstrapOnce()).output).toContain('on Node 98.0.0.');
  });

  it('is replaced when an earlier installed one is too old, by an npm that runs on the machine’s', async () => {
    await fakeNpm(installNode('21.0.0'));
    await bootstrapOnce();
    await writePackage({ engines: { node: '>=98' } });
    await fakeNpm(installNode('98.0.0'));
    expect((await bootstrapOnce()).output).toContain('on Node 98.0.0.');
    expect((await npmCalls()).at(-1)).toContain(`on ${machineNode}`);
  });

  it('that was installed but is too old, or does not run, is reported with what to do', async () => {
    await writePackage({ engines: { node: '>=98' } });
    await fakeNpm(installNode('97.9.9'));
    const tooOld = await bootstrapOnce();
    expect(tooOld.output).toContain('is 97.9.9. Install Node 98 or newer on this machine');
    expect(tooOld.code).toBe(1);
    await chmod(inClone('node_modules', '.bin', 'node'), 0o644);
    await fakeNpm();
    expect((await bootstrapOnce()).output).toContain('does not run here');
  });

  it('cannot be determined from an unsupported engines field, which the error names', async () => {
    await writePackage({ engines: { node: '24 || 26' } });
    const { code, output } = await bootstrapOnce();
    expect(output).toContain('engines.node must look like ">=24"');
    expect(output).toContain('24 || 26');
    expect(code).toBe(1);
  });
});

describe('a failed install', () => {
  it.each([
    ['npm error code ENOTFOUND', 'registry cannot be reached'],
    ['npm error code ENOSPC', 'disk is full'],
    ['npm error code EACCES', 'may not write'],
    ['npm error code E403', 'denies access'],
    ['npm error code SELF_SIGNED_CERT_IN_CHAIN', 'NODE_EXTRA_CA_CERTS'],
  ])('with "%s" shows the output of npm and what to do next', async (problem, advice) => {
    await fakeNpm(`console.error(${JSON.stringify(problem)}); process.exit(1);`);
    const { code, output } = await bootstrapOnce();
    expect(output).toContain(problem);
    expect(output).toContain(advice);
    expect(code).toBe(1);
  });

  it('by Ctrl-C ends npm and its child processes within seconds, even if they ignore signals', async () => {
    await fakeNpm(`
      process.on('SIGTERM', () => {});
      const ignoresSignals = "process.on('SIGTERM', () => {}); require('node:fs').writeFileSync('running', String(process.pid)); setInterval(() => {}, 1000);";
      require('node:child_process').spawn(process.execPath, ['--eval', ignoresSignals], { stdio: 'inherit' });
      setInterval(() => {}, 1000);`);
    const { child, result } = start();
    await until(() => existsSync(inClone('running')));
    const grandchild = Number(await readFile(inClone('running'), 'utf8'));
    child.kill('SIGINT');
    const { code, output } = await result;
    expect(output).toContain('Stopping npm');
    expect(code).toBe(1);
    await until(() => !isRunning(grandchild));
  });

  it('because its command was killed leaves no npm running', async () => {
    await fakeNpm(
      `process.on('SIGTERM', () => {}); writeFileSync('running', String(process.pid)); setInterval(() => {}, 1000);`,
    );
    const { child, result } = start();
    await until(() => existsSync(inClone('running')));
    child.kill('SIGKILL');
    await result;
    const npm = Number(await readFile(inClone('running'), 'utf8'));
    await vi.waitFor(() => expect(isRunning(npm)).toBe(false), 20_000);
  });

  it('by Ctrl-C stops npm, reports it, and leaves no lock for the next run', async () => {
    await fakeNpm(`writeFileSync('running', ''); setInterval(() => {}, 1000);`);
    const { child, result } = start();
    await until(() => existsSync(inClone('running')));
    child.kill('SIGINT');
    const { code, output } = await result;
    expect(output).toContain('Interrupted');
    expect(code).toBe(1);
    await fakeNpm();
    expect((await bootstrapOnce()).output).not.toContain('Another command');
  });
});

describe('package.json', () => {
  const prefix = '(node scripts/bootstrap.mjs) && ';

  it('starts every command with the bootstrap itself: npm can be configured to run no pre-scripts', async () => {
    const manifest = await readFile(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8');
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(manifest);
    expect(Object.keys(scripts).filter((name) => /^(pre|post)/.test(name))).toEqual([]);
    for (const command of Object.values(scripts)) {
      expect(command.startsWith(prefix)).toBe(true);
    }
  });

  it('runs the rest of a command on the Node that was just installed, in a new lookup of the shell', async () => {
    await writePackage({ engines: { node: '>=98' } });
    await fakeNpm(installNode('98.0.0'));
    const { stdout } = await run('/bin/sh', ['-c', `${prefix}node --version`], {
      cwd: clone,
      env: environmentOfScripts(),
    });
    expect(stdout).toBe('98.0.0\n');
  });
});

describe('two concurrent commands', () => {
  it('install once: the second waits for the first and finds everything done', async () => {
    await fakeNpm(`writeFileSync('running', ''); setInterval(() => existsSync('go') && process.exit(), 10);`);
    const first = start();
    await until(() => existsSync(inClone('running')));
    const second = start();
    second.child.stderr.once('data', () => void writeFile(inClone('go'), ''));
    expect((await first.result).code).toBe(0);
    expect(await second.result).toEqual({ code: 0, output: expect.stringContaining('Another command') });
    expect(await npmCalls()).toHaveLength(1);
  });

  it('are not blocked by the lock of a command that was killed', async () => {
    await fakeNpm();
    const lock = inClone('build', 'installing');
    await mkdir(lock, { recursive: true });
    await utimes(lock, new Date(), new Date(Date.now() - 60_000));
    expect((await bootstrapOnce()).output).toContain('Ready after');
    expect(existsSync(lock)).toBe(false);
  });
});
