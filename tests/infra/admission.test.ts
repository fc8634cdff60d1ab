import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type RuleName,
  regoOf,
  requiredLabels,
  rules,
  templateOf,
} from '../../stacks/security/policies/gatekeeper.ts';
import { startOpa } from './support/opa.ts';
import type { App, Manifest } from './synth/app.ts';
import type { Inputs } from './synth/resource.ts';
import { synthesized } from './synth/synthesized.ts';

const folder = fileURLToPath(new URL('../../stacks/security/policies', import.meta.url));
const registry = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/portfolio-production';
const digest = `@sha256:${'a'.repeat(64)}`;
const parameters: Partial<Record<RuleName, object>> = {
  registries: { registries: [registry] },
  labels: { labels: requiredLabels },
};
const labels = Object.fromEntries(requiredLabels.map((label) => [label, 'x']));

let opa: Awaited<ReturnType<typeof startOpa>>;
beforeAll(async () => {
  opa = await startOpa();
});
afterAll(() => opa[Symbol.dispose]());

type Container = Record<string, unknown>;
const good: Container = {
  name: 'api',
  image: `${registry}/api${digest}`,
  resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { memory: '1Gi' } },
  livenessProbe: {},
  readinessProbe: {},
  securityContext: {
    readOnlyRootFilesystem: true,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
  },
};
const goodPod = {
  automountServiceAccountToken: false,
  securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
};

/** A Deployment that all rules accept, but for what is given. */
function deployment({ container = {}, pod = {}, meta = { labels }, init }: Change = {}) {
  const template = {
    metadata: { labels },
    spec: {
      ...goodPod,
      containers: [{ ...good, ...container }],
      ...(init && { initContainers: [{ ...good, name: 'init', ...init }] }),
      ...pod,
    },
  };
  return { kind: 'Deployment', metadata: meta, spec: { template } };
}
type Change = { container?: Container; init?: Container; pod?: object; meta?: object };

const security = (change: object) => ({
  container: { securityContext: { ...(good.securityContext as object), ...change } },
});

/** What each rule refuses, and with which words. */
const refused: [RuleName, string, Change, string][] = [
  [
    'registries',
    'an image of another registry',
    { container: { image: `docker.io/nginx${digest}` } },
    'a registry other than',
  ],
  [
    'registries',
    'a registry that only begins like ours',
    { container: { image: `${registry}-evil/api${digest}` } },
    'a registry other than',
  ],
  [
    'registries',
    'an init container of another registry',
    { init: { image: `docker.io/busybox${digest}` } },
    'init: the image',
  ],
  ['digests', 'a tag', { container: { image: `${registry}/api:v1` } }, 'is not named by its digest'],
  ['digests', 'a name alone', { container: { image: `${registry}/api` } }, 'is not named by its digest'],
  [
    'digests',
    'half a digest',
    { container: { image: `${registry}/api@sha256:abc` } },
    'is not named by its digest',
  ],
  [
    'users',
    'user 0',
    { pod: { securityContext: { ...goodPod.securityContext, runAsUser: 0 } } },
    'runs as user 0',
  ],
  ['users', 'user 0 of one container', security({ runAsUser: 0 }), 'runs as user 0'],
  ['users', 'a pod that may be root', { pod: { securityContext: {} } }, 'runAsNonRoot is not true'],
  [
    'users',
    'a container that takes back what its pod says',
    security({ runAsNonRoot: false }),
    'runAsNonRoot is not true',
  ],
  [
    'users',
    'a root file system to write to',
    security({ readOnlyRootFilesystem: false }),
    'readOnlyRootFilesystem is not true',
  ],
  ['privileges', 'the network of the node', { pod: { hostNetwork: true } }, 'hostNetwork is true'],
  ['privileges', 'the processes of the node', { pod: { hostPID: true } }, 'hostPID is true'],
  ['privileges', 'the shared memory of the node', { pod: { hostIPC: true } }, 'hostIPC is true'],
  [
    'privileges',
    'a folder of the node',
    { pod: { volumes: [{ name: 'v', hostPath: { path: '/' } }] } },
    'is a folder of the node',
  ],
  [
    'privileges',
    'a port of the node',
    { container: { ports: [{ hostPort: 80 }] } },
    'takes a port of the node',
  ],
  ['privileges', 'a privileged container', security({ privileged: true }), 'is privileged'],
  [
    'privileges',
    'more privileges later',
    security({ allowPrivilegeEscalation: true }),
    'allowPrivilegeEscalation is not false',
  ],
  [
    'privileges',
    'capabilities that are kept',
    security({ capabilities: {} }),
    'does not drop all capabilities',
  ],
  [
    'privileges',
    'a capability that is added',
    security({ capabilities: { drop: ['ALL'], add: ['NET_RAW'] } }),
    'adds the capability NET_RAW',
  ],
  [
    'privileges',
    'no seccomp profile',
    { pod: { securityContext: { runAsNonRoot: true } } },
    'has no seccomp profile',
  ],
  [
    'privileges',
    'an unconfined container',
    security({ seccompProfile: { type: 'Unconfined' } }),
    'has no seccomp profile',
  ],
  [
    'resources',
    'no limit of memory',
    { container: { resources: { requests: { cpu: '1', memory: '1Gi' } } } },
    'says no limits of memory',
  ],
  [
    'resources',
    'no requests',
    { container: { resources: { limits: { memory: '1Gi' } } } },
    'says no requests of cpu',
  ],
  ['labels', 'an object without labels', { meta: {} }, 'the label app.kubernetes.io/name is missing'],
  [
    'probes',
    'a container that nobody asks whether it lives',
    { container: { livenessProbe: undefined } },
    'has no livenessProbe',
  ],
  [
    'probes',
    'a container that nobody asks whether it is ready',
    { container: { readinessProbe: undefined } },
    'has no readinessProbe',
  ],
  [
    'probes',
    'a sidecar that nobody asks whether it lives',
    { init: { restartPolicy: 'Always', livenessProbe: undefined } },
    'init: has no livenessProbe',
  ],
  [
    'tokens',
    'a token for the API of Kubernetes',
    { pod: { automountServiceAccountToken: true } },
    'is not false',
  ],
  ['tokens', 'a token by default', { pod: { automountServiceAccountToken: undefined } }, 'is not false'],
];

const check = (rule: RuleName, objects: readonly object[]) =>
  opa.violationsOf(
    regoOf(rule, folder),
    objects.map((object) => ({ review: { object }, parameters: parameters[rule] ?? {} })),
  );

describe.each(Object.keys(rules) as RuleName[])('the rule %s', (rule) => {
  const ofRule = refused.filter(([name]) => name === rule);

  test('accepts what is as it should be, whatever makes the pod', () => {
    const { template } = deployment().spec;
    const objects = [
      deployment(),
      { kind: 'Pod', metadata: { labels }, spec: template.spec },
      { kind: 'Job', metadata: { labels }, spec: { template } },
      { kind: 'CronJob', metadata: { labels }, spec: { jobTemplate: { spec: { template } } } },
    ];
    expect(check(rule, objects)).toEqual(objects.map(() => []));
  });

  test('refuses what is not, and says why', () => {
    expect(ofRule.length).toBeGreaterThan(0);
    const said = check(
      rule,
      ofRule.map(([, , change]) => deployment(change)),
    );
    for (const [index, [, what, , words]] of ofRule.entries())
      expect(said[index]!.join('\n'), what).toContain(words);
  });

  test('refuses the same of a pod that something else made', () => {
    const pods = ofRule.map(([, , change]) => {
      const { metadata, spec } = deployment(change);
      return { kind: 'Pod', metadata, spec: spec.template.spec };
    });
    const said = check(rule, pods);
    for (const [index, [, what]] of ofRule.entries()) expect(said[index], what).not.toEqual([]);
  });

  test('is made known under the kind of its constraint, with its Rego in one package', () => {
    const { spec } = templateOf(rule, folder);
    expect(spec.crd.spec.names.kind).toBe(rules[rule].kind);
    expect(spec.targets[0]!.rego.match(/^package /gm)).toHaveLength(1);
  });
});

describe('what is asked of workloads in the cluster', () => {
  let production: App;
  beforeAll(async () => {
    production = await synthesized('production');
  });
  const manifests = (kind: string) => production.manifests.filter((manifest) => manifest.kind === kind);

  test('is every rule, of every pod of our namespaces, with our registry alone', () => {
    for (const { kind } of Object.values(rules)) {
      const [constraint, ...others] = manifests(kind);
      expect(others).toEqual([]);
      expect(constraint!.spec).toMatchObject({
        enforcementAction: 'deny',
        match: { namespaces: ['portfolio'] },
      });
    }
    expect(manifests('OurRegistries')[0]!.spec.parameters).toEqual({ registries: [registry] });
  });

  test('is a signature by our key: what no policy is about is refused', () => {
    const [policy] = manifests('ClusterImagePolicy');
    expect(policy!.spec).toMatchObject({
      images: [{ glob: `${registry}/**` }],
      authorities: [{ key: { kms: expect.stringMatching(/^awskms:\/\/\/arn:aws:kms:.*SigningKey$/) } }],
    });
    const { values } = production.one('helm.sh/v3:Release', 'policy-controller').inputs;
    expect(values.webhook).toMatchObject({
      failurePolicy: 'Fail',
      configData: { 'no-match-policy': 'deny' },
    });
  });

  test('is asked in our namespaces: nothing is let in there while nobody can be asked', () => {
    const { values } = production.one('helm.sh/v3:Release', 'gatekeeper').inputs;
    expect(values).toMatchObject({ validatingWebhookFailurePolicy: 'Fail', replicas: 3 });
    const { namespaceSelector, failurePolicy } = production.one('helm.sh/v3:Release', 'policy-controller')
      .inputs.values.webhook;
    expect(failurePolicy).toBe('Fail');
    expect(namespaceSelector.matchExpressions).toEqual([
      { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['portfolio'] },
    ]);
  });

  test('is asked of all that makes pods and of nothing else: what else the cluster does goes on', () => {
    const { values } = production.one('helm.sh/v3:Release', 'gatekeeper').inputs;
    const asked = values.validatingWebhookCustomRules.flatMap(
      ({ resources }: { resources: string[] }) => resources,
    );
    const kinds = new Set(Object.values(rules).flatMap(({ match }) => match.flatMap((one) => one.kinds)));
    const plural = [...kinds].map((kind) => `${kind.toLowerCase()}s`);
    expect(asked.toSorted()).toEqual([...plural, 'pods/ephemeralcontainers'].toSorted());
  });
});

const kindsOf = (rule: RuleName): string[] => rules[rule].match.flatMap(({ kinds }) => kinds);

/** What a rule says of objects, with the parameters that it has in a stage. */
const ask = (rule: RuleName, app: App, objects: readonly object[]) => {
  const [constraint] = app.manifests.filter(({ kind }) => kind === rules[rule].kind);
  return opa.violationsOf(
    regoOf(rule, folder),
    objects.map((object) => ({ review: { object }, parameters: constraint!.spec.parameters })),
  );
};

const workloadsOf = (app: App) =>
  app.manifests.filter(
    ({ kind, metadata }) => metadata.namespace === 'portfolio' && kindsOf('users').includes(kind),
  );

describe('our own workloads', () => {
  const names = Object.keys(rules) as RuleName[];
  let stages: [string, App][];
  beforeAll(async () => {
    stages = [
      ['production', await synthesized('production')],
      ['staging', await synthesized('staging')],
      ['alice', await synthesized('personal')],
    ];
  });
  test.each(names)('are accepted by the rule %s, in every stage', (rule) => {
    for (const [stage, app] of stages) {
      const asked = workloadsOf(app).filter(({ kind }) => kindsOf(rule).includes(kind));
      expect(asked.length, stage).toBeGreaterThan(1);
      expect(ask(rule, app, asked), stage).toEqual(asked.map(() => []));
    }
  });

  /** Each made in a copy of every workload that the rule is about. */
  const mistakes: [RuleName, string, (workload: Manifest) => unknown][] = [
    ['digests', 'a tag', eachContainer((one) => (one.image = one.image.replace(/@.*/, '')))],
    [
      'registries',
      'a foreign registry',
      eachContainer((one) => (one.image = one.image.replace(/^[^/]+/, 'docker.io'))),
    ],
    ['users', 'root', eachContainer((one) => Object.assign((one.securityContext ??= {}), { runAsUser: 0 }))],
    [
      'users',
      'a root file system to write to',
      eachContainer((one) => delete one.securityContext.readOnlyRootFilesystem),
    ],
    ['privileges', 'privileges', eachContainer((one) => (one.securityContext.privileged = true))],
    ['privileges', 'the network of the node', ({ spec }) => (spec.template.spec.hostNetwork = true)],
    ['resources', 'no limits', eachContainer((one) => delete one.resources.limits)],
    ['resources', 'no requests', eachContainer((one) => delete one.resources.requests)],
    ['labels', 'no labels', ({ metadata }) => delete metadata.labels],
    ['labels', 'no labels on pods', ({ spec }) => delete spec.template.metadata.labels],
    ['probes', 'nothing that tells whether it lives', eachContainer((one) => delete one.livenessProbe)],
    ['probes', 'nothing that tells whether it is ready', eachContainer((one) => delete one.readinessProbe)],
    [
      'tokens',
      "a token for Kubernetes' API",
      ({ spec }) => delete spec.template.spec.automountServiceAccountToken,
    ],
  ];

  test.each(mistakes)('are refused by the rule %s with %s', (rule, _, change) => {
    const [, app] = stages[0]!;
    const asked = workloadsOf(app).filter(({ kind }) => kindsOf(rule).includes(kind));
    const changed = asked.map((workload) => {
      const copy = structuredClone(workload);
      change(copy);
      return copy;
    });
    for (const [index, said] of ask(rule, app, changed).entries())
      expect(said, asked[index]!.metadata.name).not.toEqual([]);
  });
});

function eachContainer(change: (container: Inputs) => unknown) {
  return ({ spec }: Manifest) => {
    const { containers } = spec.template.spec as { containers: Inputs[] };
    for (const container of containers) change(container);
  };
}

test('Rego that does not compile is an error and not silence', () => {
  expect(() => opa.violationsOf('package x\nviolation[{"msg": m}] { m := unknown }', [{}])).toThrow(/unsafe/);
});
