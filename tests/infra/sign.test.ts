import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../stacks/images/sign', import.meta.url));
const image = `123456789012.dkr.ecr.eu-central-1.amazonaws.com/portfolio-staging/api:1@sha256:${'a'.repeat(64)}`;
const key = 'arn:aws:kms:eu-central-1:123456789012:key/1';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sign-'));
  await mkdir(join(folder, 'bin'));
  await program('aws', 'echo password');
  await program('syft', 'echo sbom > "${4#spdx-json=}"');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A fake program that records its arguments and then runs `body`. */
const program = (name: string, body: string) =>
  writeFile(join(folder, 'bin', name), `#!/bin/bash\necho "${name} $*" >> ${folder}/calls\n${body}\n`, {
    mode: 0o755,
  });

/** A fake cosign on which the given commands fail. */
const cosign = (...failing: string[]) =>
  program('cosign', `[[ " ${failing.join(' ')} " != *" $1 "* ]] && [[ $1 != attest || -s \${@: -2:1} ]]`);

async function run() {
  const env = { PATH: `${join(folder, 'bin')}:/usr/bin:/bin`, IMAGE: image, SIGNING_KEY: key };
  const ended = promisify(execFile)(script, { env });
  const code = await ended.then(
    () => 0,
    (error: { code: number }) => error.code,
  );
  return { code, calls: (await readFile(join(folder, 'calls'), 'utf8')).trimEnd().split('\n') };
}

const commandsOf = (calls: string[]) => calls.map((call) => call.split(' ').slice(0, 2).join(' '));

test('an image is signed by digest with the KMS key, and its SBOM is attested', async () => {
  await cosign('verify', 'verify-attestation');
  const { code, calls } = await run();
  expect(code).toBe(0);
  expect(commandsOf(calls)).toEqual([
    'aws ecr',
    'cosign login',
    'cosign verify',
    'cosign sign',
    'cosign verify-attestation',
    'syft scan',
    'cosign attest',
  ]);
  expect(calls[0]).toContain('--region eu-central-1');
  expect(calls[3]).toBe(`cosign sign --key awskms:///${key} --tlog-upload=false --yes ${image}`);
  expect(calls[5]).toContain(`syft scan registry:${image} --output spdx-json=`);
  expect(calls[6]).toMatch(/ --type spdxjson --predicate \S+\/sbom\.json \S+@sha256:a{64}$/);
});

test('an image that is signed and attested already is skipped', async () => {
  await cosign();
  const { code, calls } = await run();
  expect(code).toBe(0);
  expect(commandsOf(calls).slice(2)).toEqual(['cosign verify', 'cosign verify-attestation']);
});

test('a run completes what an earlier one left undone', async () => {
  await cosign('verify-attestation');
  const { code, calls } = await run();
  expect(code).toBe(0);
  expect(commandsOf(calls).slice(2)).toEqual([
    'cosign verify',
    'cosign verify-attestation',
    'syft scan',
    'cosign attest',
  ]);
});

test.each([
  ['login', 'cosign login'],
  ['sign', 'cosign sign'],
  ['attest', 'cosign attest'],
])('a failure of %s ends the deployment', async (failing, last) => {
  await cosign('verify', 'verify-attestation', failing);
  const { code, calls } = await run();
  expect(code).not.toBe(0);
  expect(commandsOf(calls).at(-1)).toBe(last);
});
