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

/** A Deployment that all rules accept, with a change. */
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

/** For each rule, changes that it must reject, with a part of the message. */
const rejected: [RuleName, string, Change, string][] = [
  [
    'registries',
    'an image of another registry',
    { container: { image: `docker.io/nginx${digest}` } },
    'must come from',
  ],
  [
    'registries',
    'a registry whose name only begins like the allowed one',
    { container: { image: `${registry}-evil/api${digest}` } },
    'must come from',
  ],
  [
    'registries',
    'an init container of another registry',
    { init: { image: `docker.io/busybox${digest}` } },
    'init: the image',
  ],
  ['digests', 'a tag', { container: { image: `${registry}/api:v1` } }, 'must be named by its digest'],
  ['digests', 'a name alone', { container: { image: `${registry}/api` } }, 'must be named by its digest'],
  [
    'digests',
    'an incomplete digest',
    { container: { image: `${registry}/api@sha256:abc` } },
    'must be named by its digest',
  ],
  [
    'users',
    'user 0',
    { pod: { securityContext: { ...goodPod.securityContext, runAsUser: 0 } } },
    'runAsUser must not be 0',
  ],
  ['users', 'user 0 of one container', security({ runAsUser: 0 }), 'runAsUser must not be 0'],
  ['users', 'a pod that may be root', { pod: { securityContext: {} } }, 'runAsNonRoot must be true'],
  [
    'users',
    'a container that overrides its pod',
    security({ runAsNonRoot: false }),
    'runAsNonRoot must be true',
  ],
  [
    'users',
    'a writable root file system',
    security({ readOnlyRootFilesystem: false }),
    'readOnlyRootFilesystem must be true',
  ],
  ['privileges', 'the network of the node', { pod: { hostNetwork: true } }, 'hostNetwork must not be true'],
  ['privileges', 'the processes of the node', { pod: { hostPID: true } }, 'hostPID must not be true'],
  ['privileges', 'the shared memory of the node', { pod: { hostIPC: true } }, 'hostIPC must not be true'],
  [
    'privileges',
    'a directory of the node',
    { pod: { volumes: [{ name: 'v', hostPath: { path: '/' } }] } },
    'must not be a hostPath',
  ],
  [
    'privileges',
    'a port of the node',
    { container: { ports: [{ hostPort: 80 }] } },
    'hostPort is not allowed',
  ],
  ['privileges', 'a privileged container', security({ privileged: true }), 'must not be privileged'],
  [
    'privileges',
    'privilege escalation',
    security({ allowPrivilegeEscalation: true }),
    'allowPrivilegeEscalation must be false',
  ],
  ['privileges', 'capabilities that are kept', security({ capabilities: {} }), 'must drop ALL capabilities'],
  [
    'privileges',
    'a capability that is added',
    security({ capabilities: { drop: ['ALL'], add: ['NET_RAW'] } }),
    'must not add the capability NET_RAW',
  ],
  [
    'privileges',
    'no seccomp profile',
    { pod: { securityContext: { runAsNonRoot: true } } },
    'seccompProfile.type must be RuntimeDefault',
  ],
  [
    'privileges',
    'an unconfined container',
    security({ seccompProfile: { type: 'Unconfined' } }),
    'seccompProfile.type must be RuntimeDefault',
  ],
  [
    'resources',
    'no memory limit',
    { container: { resources: { requests: { cpu: '1', memory: '1Gi' } } } },
    'resources.limits.memory is missing',
  ],
  [
    'resources',
    'no requests',
    { container: { resources: { limits: { memory: '1Gi' } } } },
    'resources.requests.cpu is missing',
  ],
  ['labels', 'an object without labels', { meta: {} }, 'the label app.kubernetes.io/name is missing'],
  [
    'probes',
    'a container without a liveness probe',
    { container: { livenessProbe: undefined } },
    'has no livenessProbe',
  ],
  [
    'probes',
    'a container without a readiness probe',
    { container: { readinessProbe: undefined } },
    'has no readinessProbe',
  ],
  [
    'probes',
    'a sidecar without a liveness probe',
    { init: { restartPolicy: 'Always', livenessProbe: undefined } },
    'init: has no livenessProbe',
  ],
  [
    'tokens',
    'a token for the Kubernetes API',
    { pod: { automountServiceAccountToken: true } },
    'must be false',
  ],
  ['tokens', 'a token by default', { pod: { automountServiceAccountToken: undefined } }, 'must be false'],
];

const check = (rule: RuleName, objects: readonly object[]) =>
  opa.violationsOf(
    regoOf(rule, folder),
    objects.map((object) => ({ review: { object }, parameters: parameters[rule] ?? {} })),
  );

describe.each(Object.keys(rules) as RuleName[])('the rule %s', (rule) => {
  const ofRule = rejected.filter(([name]) => name === rule);

  test('accepts a good pod, whatever kind creates it', () => {
    const { template } = deployment().spec;
    const objects = [
      deployment(),
      { kind: 'Pod', metadata: { labels }, spec: template.spec },
      { kind: 'Job', metadata: { labels }, spec: { template } },
      { kind: 'CronJob', metadata: { labels }, spec: { jobTemplate: { spec: { template } } } },
    ];
    expect(check(rule, objects)).toEqual(objects.map(() => []));
  });

  test('rejects each violation with a message', () => {
    expect(ofRule.length).toBeGreaterThan(0);
    const violations = check(
      rule,
      ofRule.map(([, , change]) => deployment(change)),
    );
    for (const [index, [, what, , words]] of ofRule.entries())
      expect(violations[index]!.join('\n'), what).toContain(words);
  });

  test('rejects the same violations in a pod of another controller', () => {
    const pods = ofRule.map(([, , change]) => {
      const { metadata, spec } = deployment(change);
      return { kind: 'Pod', metadata, spec: spec.template.spec };
    });
    const violations = check(rule, pods);
    for (const [index, [, what]] of ofRule.entries()) expect(violations[index], what).not.toEqual([]);
  });

  test('has a template with the kind of its constraint, and its Rego in one package', () => {
    const { spec } = templateOf(rule, folder);
    expect(spec.crd.spec.names.kind).toBe(rules[rule].kind);
    expect(spec.targets[0]!.rego.match(/^package /gm)).toHaveLength(1);
  });
});

describe('admission in the cluster', () => {
  let production: App;
  beforeAll(async () => {
    production = await synthesized('production');
  });
  const manifests = (kind: string) => production.manifests.filter((manifest) => manifest.kind === kind);

  test('enforces every rule in the namespace of the platform, and allows images of its registry only', () => {
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

  test('requires a signature by the key of the stage, and rejects images that match no policy', () => {
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

  test('fails closed while an admission controller is unavailable', () => {
    const { values } = production.one('helm.sh/v3:Release', 'gatekeeper').inputs;
    expect(values).toMatchObject({ validatingWebhookFailurePolicy: 'Fail', replicas: 3 });
    const { namespaceSelector, failurePolicy } = production.one('helm.sh/v3:Release', 'policy-controller')
      .inputs.values.webhook;
    expect(failurePolicy).toBe('Fail');
    expect(namespaceSelector.matchExpressions).toEqual([
      { key: 'kubernetes.io/metadata.name', operator: 'In', values: ['portfolio'] },
    ]);
  });

  test('covers every kind that creates pods and no other, so that the rest of the cluster works without it', () => {
    const { values } = production.one('helm.sh/v3:Release', 'gatekeeper').inputs;
    const covered = values.validatingWebhookCustomRules.flatMap(
      ({ resources }: { resources: string[] }) => resources,
    );
    const kinds = new Set(Object.values(rules).flatMap(({ match }) => match.flatMap((one) => one.kinds)));
    const plural = [...kinds].map((kind) => `${kind.toLowerCase()}s`);
    expect(covered.toSorted()).toEqual([...plural, 'pods/ephemeralcontainers'].toSorted());
  });
});

const kindsOf = (rule: RuleName): string[] => rules[rule].match.flatMap(({ kinds }) => kinds);

/** The violations of a rule in each object, with the rule's parameters in a stage. */
const violationsOf = (rule: RuleName, app: App, objects: readonly object[]) => {
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

describe('the workloads of the platform', () => {
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
      const covered = workloadsOf(app).filter(({ kind }) => kindsOf(rule).includes(kind));
      expect(covered.length, stage).toBeGreaterThan(1);
      expect(violationsOf(rule, app, covered), stage).toEqual(covered.map(() => []));
    }
  });

  /** Each is applied to a copy of every workload that the rule covers. */
  const mistakes: [RuleName, string, (workload: Manifest) => unknown][] = [
    ['digests', 'a tag', eachContainer((one) => (one.image = one.image.replace(/@.*/, '')))],
    [
      'registries',
      'another registry',
      eachContainer((one) => (one.image = one.image.replace(/^[^/]+/, 'docker.io'))),
    ],
    ['users', 'root', eachContainer((one) => Object.assign((one.securityContext ??= {}), { runAsUser: 0 }))],
    [
      'users',
      'a writable root file system',
      eachContainer((one) => delete one.securityContext.readOnlyRootFilesystem),
    ],
    ['privileges', 'privileges', eachContainer((one) => (one.securityContext.privileged = true))],
    ['privileges', 'the network of the node', ({ spec }) => (spec.template.spec.hostNetwork = true)],
    ['resources', 'no limits', eachContainer((one) => delete one.resources.limits)],
    ['resources', 'no requests', eachContainer((one) => delete one.resources.requests)],
    ['labels', 'no labels', ({ metadata }) => delete metadata.labels],
    ['labels', 'no labels on pods', ({ spec }) => delete spec.template.metadata.labels],
    ['probes', 'no liveness probe', eachContainer((one) => delete one.livenessProbe)],
    ['probes', 'no readiness probe', eachContainer((one) => delete one.readinessProbe)],
    [
      'tokens',
      'a token for the Kubernetes API',
      ({ spec }) => delete spec.template.spec.automountServiceAccountToken,
    ],
  ];

  test.each(mistakes)('are refused by the rule %s with %s', (rule, _, change) => {
    const [, app] = stages[0]!;
    const covered = workloadsOf(app).filter(({ kind }) => kindsOf(rule).includes(kind));
    const changed = covered.map((workload) => {
      const copy = structuredClone(workload);
      change(copy);
      return copy;
    });
    for (const [index, violations] of violationsOf(rule, app, changed).entries())
      expect(violations, covered[index]!.metadata.name).not.toEqual([]);
  });
});

function eachContainer(change: (container: Inputs) => unknown) {
  return ({ spec }: Manifest) => {
    const { containers } = spec.template.spec as { containers: Inputs[] };
    for (const container of containers) change(container);
  };
}

test('Rego that does not compile is an error', () => {
  expect(() => opa.violationsOf('package x\nviolation[{"msg": m}] { m := unknown }', [{}])).toThrow(/unsafe/);
});
