import type { Cluster } from '../cluster/index.ts';
import { bindRole } from './pod-roles.ts';
import type { Images } from '../images/index.ts';
import {
  type RuleName,
  constraintOf,
  requiredLabels,
  rules,
  templateOf,
  workloads,
} from './policies/gatekeeper.ts';

/** Namespaces whose pods are ours: all rules hold there, and every image is one that we signed. */
const ourNamespaces = ['portfolio'];

/**
 * What the cluster lets in: Gatekeeper asks the rules of `policies/gatekeeper` of every workload of ours, and Sigstore's
 * controller lets no image in that our key has not signed. Both refuse all while they are away. Returns what must be
 * there before anything is rolled out, so that it is asked.
 */
export function createAdmission(cluster: Cluster, images: Images): $util.Resource[] {
  return [...createGatekeeper(cluster, images), createImagePolicy(cluster, images)];
}

function createGatekeeper({ provider, namespaces }: Cluster, images: Images) {
  const gatekeeper = new kubernetes.helm.v3.Release(
    'gatekeeper',
    {
      name: 'gatekeeper',
      chart: 'gatekeeper',
      version: '3.23.0',
      namespace: 'gatekeeper-system',
      repositoryOpts: { repo: 'https://open-policy-agent.github.io/gatekeeper/charts' },
      values: {
        replicas: 3,
        validatingWebhookFailurePolicy: 'Fail',
        // Asked of nothing else: leases of controllers, say, have to be renewed while it is away.
        validatingWebhookCustomRules: workloads.map(({ apiGroups, resources }) => ({
          apiGroups,
          apiVersions: ['*'],
          operations: ['CREATE', 'UPDATE'],
          resources,
        })),
        // It must be able to start again itself, and so must what the cluster's network is made of.
        validatingWebhookExemptNamespacesLabels: {
          'kubernetes.io/metadata.name': ['kube-system', 'gatekeeper-system'],
        },
        disableMutation: true,
        auditInterval: 300,
        // The namespace is made with its labels beforehand, and the release waits until it is ready anyway.
        postInstall: { labelNamespace: { enabled: false }, probeWebhook: { enabled: false } },
      },
    },
    { provider, dependsOn: namespaces },
  );
  const folder = `${$cli.paths.root}/stacks/security/policies`;
  const parameters: Partial<Record<RuleName, object>> = {
    registries: { registries: [images.registry] },
    labels: { labels: requiredLabels },
  };
  return (Object.keys(rules) as RuleName[]).map((name) => {
    const template = new kubernetes.apiextensions.CustomResource(
      `${name}-template`,
      templateOf(name, folder),
      {
        provider,
        dependsOn: [gatekeeper],
      },
    );
    const constraint = constraintOf(name, ourNamespaces, parameters[name] ?? {});
    return new kubernetes.apiextensions.CustomResource(`${name}-constraint`, constraint, {
      provider,
      dependsOn: [template],
    });
  });
}

function createImagePolicy({ cluster, provider, namespaces }: Cluster, { registry, signingKey }: Images) {
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  const identity = bindRole({ cluster }, 'policy-controller', {
    SigningKeyArn: signingKey.arn,
    RepositoriesArn: $interpolate`arn:aws:ecr:${region}:${accountId}:repository/${$app.name}-${$app.stage}/*`,
  });
  const controller = new kubernetes.helm.v3.Release(
    'policy-controller',
    {
      name: 'policy-controller',
      chart: 'policy-controller',
      version: '0.10.6',
      namespace: 'cosign-system',
      repositoryOpts: { repo: 'https://sigstore.github.io/helm-charts' },
      values: {
        webhook: {
          replicaCount: 3,
          failurePolicy: 'Fail',
          // Nothing is asked of Sigstore's public services: what counts is our key.
          extraArgs: { 'disable-tuf': true },
          // What the namespace asks of pods, beside what the chart says by itself.
          podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          namespaceSelector: {
            matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'In', values: ourNamespaces }],
          },
          serviceAccount: { name: 'policy-controller' },
          // An image that no policy is about is refused.
          configData: { 'no-match-policy': 'deny' },
        },
      },
    },
    { provider, dependsOn: [identity, ...namespaces] },
  );
  return new kubernetes.apiextensions.CustomResource(
    'signed-by-us',
    {
      apiVersion: 'policy.sigstore.dev/v1beta1',
      kind: 'ClusterImagePolicy',
      metadata: { name: 'signed-by-us' },
      spec: {
        images: [{ glob: $interpolate`${registry}/**` }],
        authorities: [
          {
            name: 'our-key',
            key: { kms: $interpolate`awskms:///${signingKey.arn}`, hashAlgorithm: 'sha256' },
          },
        ],
      },
    },
    { provider, dependsOn: [controller] },
  );
}
