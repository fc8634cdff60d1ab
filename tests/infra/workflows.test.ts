import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = new URL('../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');

const strings = z.record(z.string(), z.unknown());
const stepSchema = z.strictObject({
  name: z.string().optional(),
  uses: z.string().optional(),
  with: strings.optional(),
  run: z.string().optional(),
  env: strings.optional(),
  'working-directory': z.string().optional(),
});
const permissionsSchema = z.record(z.string(), z.enum(['read', 'write', 'none']));
const jobSchema = z.strictObject({
  name: z.string().optional(),
  needs: z.string().optional(),
  permissions: permissionsSchema.optional(),
  uses: z.string().optional(),
  with: strings.optional(),
  'runs-on': z.string().optional(),
  'timeout-minutes': z.number().optional(),
  environment: z.string().optional(),
  container: z.string().optional(),
  steps: z.array(stepSchema).optional(),
});
/** The keys that workflows may use. `secrets` is deliberately missing. */
const workflowSchema = z.strictObject({
  name: z.string(),
  on: strings,
  permissions: permissionsSchema,
  concurrency: strings.optional(),
  jobs: z.record(z.string(), jobSchema),
});

const folder = '.github/workflows/';
const workflows = new Map(
  readdirSync(new URL(folder, root)).map((file) => {
    const text = read(folder + file);
    return [file, { text, ...workflowSchema.parse(parse(text)) }];
  }),
);
const workflow = (file: string) => workflows.get(file)!;
const jobs = [...workflows].flatMap(([file, { jobs: all }]) =>
  Object.entries(all).map(([name, job]) => ({ at: `${file}: ${name}`, ...job })),
);
const steps = jobs.flatMap(({ at, steps: all = [] }) => all.map((step) => ({ at, ...step })));

describe('workflows', () => {
  test('contain no secrets and no access keys', () => {
    for (const [file, { text }] of workflows) {
      expect(text, file).not.toMatch(/\bsecrets\b\s*[.:[]/);
      expect(text, file).not.toMatch(/aws-(access-key-id|secret-access-key|session-token)/);
      expect(text, file).not.toMatch(/\bAKIA\w+/);
    }
  });

  test('may read the sources only; deployments may also request OIDC tokens', () => {
    for (const [file, { permissions }] of workflows) expect(permissions, file).toEqual({ contents: 'read' });
    const deployments = jobs.filter(({ permissions }) => permissions);
    expect(deployments.map(({ at, uses }) => [at, uses])).toEqual([
      ['deploy-stage.yml: deploy', undefined],
      ['deploy.yml: staging', './.github/workflows/deploy-stage.yml'],
      ['deploy.yml: production', './.github/workflows/deploy-stage.yml'],
    ]);
    for (const { at, permissions } of deployments)
      expect(permissions, at).toEqual({ contents: 'read', 'id-token': 'write' });
  });

  test('pin actions by commit and images by digest, with the version in a comment', () => {
    for (const [file, { text }] of workflows) {
      for (const [line] of text.matchAll(/^.*\buses: (?!\.\/).*$/gm))
        expect(line, file).toMatch(/uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    const images = jobs.flatMap(({ container }) => container ?? []);
    for (const image of images) expect(image).toMatch(/^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
    const called = jobs.flatMap(({ uses }) => uses ?? []);
    for (const uses of called) expect([...workflows.keys()]).toContain(uses.replace(`./${folder}`, ''));
  });

  test('leave no git credentials behind, and have timeouts', () => {
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.length).toBeGreaterThan(0);
    for (const { at, with: options } of checkouts) expect(options?.['persist-credentials'], at).toBe(false);
    for (const job of jobs.filter(({ uses }) => !uses))
      expect(job['timeout-minutes'], job.at).toBeGreaterThan(0);
  });

  test('check out the whole history for tests, which compare with released versions', () => {
    const [checkout] = workflow('ci.yml').jobs.test!.steps!;
    expect(checkout!.with).toMatchObject({ 'fetch-depth': 0 });
  });

  test('pass untrusted input to scripts as variables only', () => {
    for (const { at, run } of steps) expect(run ?? '', at).not.toContain('${{');
  });

  test('have no triggers that give outside contributors write permissions', () => {
    for (const [file, { on }] of workflows) {
      expect(Object.keys(on), file).not.toContain('pull_request_target');
      expect(Object.keys(on), file).not.toContain('workflow_run');
    }
    expect(Object.keys(workflow('deploy.yml').on).toSorted()).toEqual(['push', 'workflow_dispatch']);
    expect(workflow('deploy.yml').on.push).toEqual({ branches: ['main'] });
    expect(Object.keys(workflow('deploy-stage.yml').on)).toEqual(['workflow_call']);
  });

  test('run existing scripts', () => {
    const { scripts } = z.object({ scripts: strings }).parse(JSON.parse(read('package.json')));
    const commands = steps.flatMap(({ run }) => [...(run ?? '').matchAll(/\bnpm run ([\w:-]+)/g)]);
    expect(commands.map(([, name]) => name)).toContain('deploy');
    for (const [, name] of commands) expect(Object.keys(scripts)).toContain(name);
    for (const { run } of steps.filter((step) => step.run?.startsWith('.ci/')))
      expect(read(run!)).toMatch(/^#!/);
  });
});

test('pull requests and deployments run .ci/run', () => {
  const { on, jobs: ciJobs } = workflow('ci.yml');
  expect(Object.keys(on).toSorted()).toEqual(['pull_request', 'workflow_call']);
  expect(ciJobs.test!.steps!.at(-1)).toEqual({ run: '.ci/run' });
  expect(ciJobs.test!.container).toMatch(/^node:24-/);
});

test('a deployment goes to staging after the tests, and to production after staging', () => {
  const { jobs: order, concurrency } = workflow('deploy.yml');
  expect(order.test).toEqual({ uses: './.github/workflows/ci.yml' });
  expect(order.staging).toMatchObject({ needs: 'test', with: { stage: 'staging' } });
  expect(order.production).toMatchObject({ needs: 'staging', with: { stage: 'production' } });
  expect(concurrency).toEqual({ group: 'deploy', 'cancel-in-progress': false });
});

describe('the deployment of a stage', () => {
  const { deploy } = workflow('deploy-stage.yml').jobs;
  const names = deploy!.steps!.map(({ uses = '', run = '' }) => uses.split('@')[0] || run.split('\n')[0]!);
  const at = (part: string) => names.findIndex((name) => name.includes(part));

  test('runs in the environment of the stage, on the architecture of its nodes', () => {
    expect(deploy).toMatchObject({ environment: '${{ inputs.stage }}', 'runs-on': 'ubuntu-24.04-arm' });
  });

  test('assumes the role of the environment, for the longest session', () => {
    const { with: options } = deploy!.steps![at('configure-aws-credentials')]!;
    expect(options).toMatchObject({
      'role-to-assume': '${{ vars.AWS_ROLE_ARN }}',
      'aws-region': '${{ vars.AWS_REGION }}',
      'role-duration-seconds': 7200,
    });
  });

  test('installs and verifies its tools before it gets credentials, and then deploys', () => {
    expect(at('cosign-installer')).toBeGreaterThan(0);
    expect(deploy!.steps!.map(({ run = '' }) => run).join('\n')).toContain('cosign verify-blob');
    expect(at('configure-aws-credentials')).toBe(names.length - 2);
    expect(at('npm run deploy')).toBe(names.length - 1);
  });
});
