import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { inheritedEnvironment } from '../../dev/settings.ts';
import { copyRepository } from './support/copy-repository.ts';

/** Mistakes in stacks, each with the test that must fail because of it. */
const mutations: Record<string, { file: string; from: string; to: string; fails: RegExp }> = {
  'a public bucket': {
    file: 'stacks/data/bucket.ts',
    from: 'versioning: true,',
    to: "versioning: true, access: 'public',",
    fails: /^the bucket Files blocks all public access/,
  },
  'a Deployment without a disruption budget': {
    file: 'stacks/app/program.ts',
    from: `disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },`,
    to: '',
    fails: /^production every Deployment has one disruption budget/,
  },
  'a wildcard in an action': {
    file: 'stacks/security/policies/iam/portfolio-worker.json',
    from: '"sqs:ReceiveMessage"',
    to: '"sqs:*"',
    fails: /^no policy of any stage has a wildcard/,
  },
  'an image that is named by its tag': {
    file: 'stacks/images/index.ts',
    from: 'environment!.IMAGE)',
    to: "environment!.IMAGE.split('@')[0]!)",
    fails: /^production every image is named by its digest/,
  },
  'a database that accepts connections without TLS': {
    file: 'stacks/data/database.ts',
    from: `{ name: 'rds.force_ssl', value: '1' }`,
    to: `{ name: 'rds.force_ssl', value: '0' }`,
    fails: /requires TLS$/,
  },
  'an API that may receive messages': {
    file: 'stacks/security/policies/iam/portfolio-api.json',
    from: '"sqs:SendMessage"',
    to: '"sqs:SendMessage", "sqs:ReceiveMessage"',
    fails: /^the role of portfolio-api denies everything else/,
  },
  'an address of the API that CloudFront does not pass': {
    file: 'stacks/k8s/public-paths.ts',
    from: `{ path: '/trpc', matches: 'both', clients: everybody },`,
    to: '',
    fails: /^CloudFront passes every public route to the API/,
  },
  'an internal address that NGINX passes': {
    file: 'stacks/k8s/public-paths.ts',
    from: `{ path: '/api', matches: 'below', clients: everybody },`,
    to: `{ path: '/api', matches: 'below', clients: everybody }, { path: '/readyz', matches: 'exact', clients: everybody },`,
    fails: /^NGINX .* passes nothing else for browsers$/,
  },
};
const tried = ['data', 'iam', 'manifests', 'routes'].map((name) => `tests/infra/${name}.test.ts`);

type Report = { testResults: { assertionResults: { fullName: string; status: string }[] }[] };

/** The names of failed tests in a copy of the repository with all mistakes at once. */
let failed: string[];
beforeAll(async () => {
  const copy = await copyRepository();
  for (const { file, from, to } of Object.values(mutations)) {
    const text = await readFile(join(copy, file), 'utf8');
    if (!text.includes(from)) throw new Error(`${file} does not contain ${from}; update the mutation.`);
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

test.each(Object.entries(mutations))('%s fails a test', (_, { fails }) => {
  expect(failed).toContainEqual(expect.stringMatching(fails));
});
