import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const pipeline = fileURLToPath(new URL('../.ci/run', import.meta.url));

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ci-'));
  await mkdir(join(folder, '.ci'));
  await mkdir(join(folder, 'bin'));
  await cp(pipeline, join(folder, '.ci', 'run'));
  await symlink(process.execPath, join(folder, 'bin', 'node'));
  await program('dpkg-query', 'echo installed');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const program = (name: string, body: string) =>
  writeFile(join(folder, 'bin', name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });

type Report = { status: string; tests: string[] }[];

/** A fake npm: its scripts exit with the given codes, and `test` writes vitest's report to the requested file. */
async function fakeNpm({
  check = 0,
  verify = 0,
  test: tested = 0,
  report,
}: {
  check?: number;
  verify?: number;
  test?: number;
  report?: Report;
}) {
  const testResults = report?.map(({ status, tests }) => ({
    status,
    assertionResults: tests.map((result, index) => ({ status: result, fullName: `test ${index}` })),
  }));
  await writeFile(join(folder, 'report.json'), JSON.stringify({ testResults }));
  await program(
    'npm',
    `echo "npm $*"
     if [[ $* == 'run check' ]]; then exit ${check}; fi
     if [[ $* == 'run verify' ]]; then exit ${verify}; fi
     for flag; do [[ $flag == --outputFile.json=* ]] && target=\${flag#*=}; done
     ${report ? 'cp report.json "$target"' : ''}
     exit ${tested}`,
  );
}

async function runPipeline() {
  const child = spawn('/bin/bash', ['.ci/run'], {
    cwd: folder,
    env: { PATH: `${join(folder, 'bin')}:/usr/bin:/bin` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [code, out, err] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: out + err, lastLine: out.trimEnd().split('\n').at(-1) };
}

const allPass: Report = [{ status: 'passed', tests: ['passed', 'passed'] }];

test('passes when the check is clean and every test passed', async () => {
  await fakeNpm({ report: allPass });
  expect(await runPipeline()).toMatchObject({ code: 0, lastLine: '2 passed, 0 failed' });
});

test('runs all tests', async () => {
  await fakeNpm({ report: allPass });
  expect((await runPipeline()).output).toContain('npm test -- --mode all ');
});

test.each(['check', 'verify'])(
  'fails when `npm run %s` does, and still runs and counts the tests',
  async (name) => {
    await fakeNpm({ [name]: 1, report: allPass });
    expect(await runPipeline()).toMatchObject({ code: 1, lastLine: '2 passed, 0 failed' });
  },
);

test('fails when a test fails', async () => {
  await fakeNpm({ test: 1, report: [{ status: 'failed', tests: ['passed', 'failed'] }] });
  expect(await runPipeline()).toMatchObject({ code: 1, lastLine: '1 passed, 1 failed' });
});

test('counts a file that cannot start as a failed test', async () => {
  await fakeNpm({ test: 1, report: [...allPass, { status: 'failed', tests: [] }] });
  expect(await runPipeline()).toMatchObject({ code: 1, lastLine: '2 passed, 1 failed' });
});

test.each(['skipped', 'pending', 'todo', 'disabled'])(
  'fails when a test is %s, and names it',
  async (status) => {
    await fakeNpm({ report: [{ status: 'passed', tests: ['passed', status] }] });
    const result = await runPipeline();
    expect(result).toMatchObject({ code: 1, lastLine: '1 passed, 0 failed' });
    expect(result.output).toContain('Skipped: test 1');
  },
);

test('fails when no test ran, or the runner wrote no report', async () => {
  await fakeNpm({ report: [] });
  expect(await runPipeline()).toMatchObject({ code: 1, lastLine: '0 passed, 0 failed' });
  await fakeNpm({});
  expect(await runPipeline()).toMatchObject({ code: 1, lastLine: '0 passed, 0 failed' });
});

test('fails when the runner fails although every test passed', async () => {
  await fakeNpm({ test: 1, report: allPass });
  expect(await runPipeline()).toMatchObject({ code: 1, lastLine: '2 passed, 0 failed' });
});

test('installs missing Debian packages, and reports when that is impossible', async () => {
  await fakeNpm({ report: allPass });
  await program('dpkg-query', 'exit 1');
  await program('id', 'echo 0');
  await program('apt-get', 'echo "apt-get $*"');
  const installed = await runPipeline();
  expect(installed).toMatchObject({ code: 0, lastLine: '2 passed, 0 failed' });
  expect(installed.output).toMatch(/apt-get install .*chromium/);

  await program('apt-get', 'echo "no such package" >&2; exit 100');
  const impossible = await runPipeline();
  expect(impossible).toMatchObject({ code: 1, lastLine: '0 passed, 0 failed' });
  expect(impossible.output).toContain('they could not be installed');
});
