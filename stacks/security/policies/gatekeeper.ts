import { readFileSync } from 'node:fs';

/** Pods and the kinds that create them. Pods are checked as well, because other controllers can create them. */
export const workloads = [
  { apiGroups: [''], kinds: ['Pod'], resources: ['pods', 'pods/ephemeralcontainers'] },
  {
    apiGroups: ['apps'],
    kinds: ['Deployment', 'StatefulSet', 'DaemonSet'],
    resources: ['deployments', 'statefulsets', 'daemonsets'],
  },
  { apiGroups: ['batch'], kinds: ['Job', 'CronJob'], resources: ['jobs', 'cronjobs'] },
];
const everywhere = workloads.map(({ apiGroups, kinds }) => ({ apiGroups, kinds }));
const longRunning = everywhere.filter(({ apiGroups }) => apiGroups.includes('apps'));

const strings = { type: 'array', items: { type: 'string' } };

type Rule = {
  /** The kind of the constraint. */
  kind: string;
  match: { apiGroups: string[]; kinds: string[] }[];
  /** JSON schemas of the parameters, by name. */
  parameters: Record<string, object>;
};

/** The rules, by the names of their Rego files in `gatekeeper/`. */
export const rules = {
  registries: { kind: 'OurRegistries', match: everywhere, parameters: { registries: strings } },
  digests: { kind: 'ImageDigests', match: everywhere, parameters: {} },
  users: { kind: 'PlainUsers', match: everywhere, parameters: {} },
  privileges: { kind: 'NoPrivileges', match: everywhere, parameters: {} },
  resources: { kind: 'ResourceBounds', match: everywhere, parameters: {} },
  labels: { kind: 'RequiredLabels', match: everywhere, parameters: { labels: strings } },
  probes: { kind: 'Probes', match: longRunning, parameters: {} },
  tokens: { kind: 'NoApiTokens', match: everywhere, parameters: {} },
} as const satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

export const requiredLabels = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/component',
  'app.kubernetes.io/part-of',
  'app.kubernetes.io/managed-by',
];

/** The Rego of a rule, with the definitions that all rules share. `folder` contains this file. */
export function regoOf(name: RuleName, folder: string): string {
  const read = (file: string) => readFileSync(`${folder}/gatekeeper/${file}.rego`, 'utf8');
  return `${read(name)}\n${read('pods')}`;
}

/** The ConstraintTemplate of a rule. */
export function templateOf(name: RuleName, folder: string) {
  const { kind, parameters } = rules[name];
  return {
    apiVersion: 'templates.gatekeeper.sh/v1',
    kind: 'ConstraintTemplate',
    metadata: { name: kind.toLowerCase() },
    spec: {
      crd: {
        spec: {
          names: { kind },
          validation: { openAPIV3Schema: { type: 'object', properties: parameters } },
        },
      },
      targets: [{ target: 'admission.k8s.gatekeeper.sh', rego: regoOf(name, folder) }],
    },
  };
}

/** The constraint that enforces a rule in `namespaces`. */
export function constraintOf<Parameters extends object>(
  name: RuleName,
  namespaces: readonly string[],
  parameters: Parameters,
) {
  const { kind, match } = rules[name];
  return {
    apiVersion: 'constraints.gatekeeper.sh/v1beta1',
    kind,
    metadata: { name },
    spec: { enforcementAction: 'deny', match: { kinds: match, namespaces }, parameters },
  };
}
