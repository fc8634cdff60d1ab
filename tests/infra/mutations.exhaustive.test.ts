import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { inheritedEnvironment } from '../../dev/settings.ts';
import { copyRepository } from './support/copy-repository.ts';

/** A mistake in a stack, and the test that is to fail because of it. */
const mutations: Record<string, { file: string; from: string; to: string; fails: RegExp }> = {
  'a bucket that everybody reads': {
    file: 'stacks/data/bucket.ts',
    from: 'versioning: true,',
    to: "versioning: true, access: 'public',",
    fails: /^the bucket Files is closed to the public/,
  },
  'a Deployment without a disruption budget': {
    file: 'stacks/app/program.ts',
    from: `disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },`,
    to: '',
    fails: /^production every Deployment has one budget/,
  },
  'a wildcard for an action': {
    file: 'stacks/security/policies/iam/portfolio-worker.json',
    from: '"sqs:ReceiveMessage"',
    to: '"sqs:*"',
    fails: /^no policy of any stage says \*/,
  },
  'an image that is named by its tag': {
    file: 'stacks/images/index.ts',
    from: 'environment!.IMAGE)',
    to: "environment!.IMAGE.split('@')[0]!)",
    fails: /^production every image is named by its digest/,
  },
  'a database that answers without TLS': {
    file: 'stacks/data/database.ts',
    from: `{ name: 'rds.force_ssl', value: '1' }`,
    to: `{ name: 'rds.force_ssl', value: '0' }`,
    fails: /nobody without TLS$/,
  },
  'an API that may take messages': {
    file: 'stacks/security/policies/iam/portfolio-api.json',
    from: '"sqs:SendMessage"',
    to: '"sqs:SendMessage", "sqs:ReceiveMessage"',
    fails: /^the role of portfolio-api may do nothing else/,
  },
};
const tried = ['data', 'iam', 'manifests'].map((name) => `tests/infra/${name}.test.ts`);

type Report = { testResults: { assertionResults: { fullName: string; status: string }[] }[] };

/** All mistakes are made at once, in a copy of the repository, whose own tests are then run. */
let failed: string[];
beforeAll(async () => {
  const copy = await copyRepository();
  for (const { file, from, to } of Object.values(mutations)) {
    const text = await readFile(join(copy, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no ${from} to be changed.`);
    await writeFile(join(copy, file), text.replace(from, to));
  }
  const report = join(copy, 'report.json');
  const vitest = [
    'node_modules/vitest/vitest.mjs',
    'run',
    ...tried,
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  await promisify(execFile)(process.execPath, vitest, { cwd: copy, env: inheritedEnvironment() }).catch(
    () => {},
  );
  const { testResults } = JSON.parse(await readFile(report, 'utf8')) as Report;
  failed = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ status }) => status === 'failed')
    .map(({ fullName }) => fullName);
}, 300_000);

test.each(Object.entries(mutations))('%s does not pass the tests', (_, { fails }) => {
  expect(failed).toContainEqual(expect.stringMatching(fails));
});
