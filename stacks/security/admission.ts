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

/** The namespaces in which all rules apply and all images must be signed. */
const enforcedNamespaces = ['portfolio'];

/**
 * Admission control: Gatekeeper enforces the rules in `policies/gatekeeper`, and Sigstore's controller rejects images that
 * the stage's key has not signed. Both fail closed. Workloads depend on the returned resources.
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
        // Limited to workloads, so that other objects (such as leases) can change while Gatekeeper is unavailable.
        validatingWebhookCustomRules: workloads.map(({ apiGroups, resources }) => ({
          apiGroups,
          apiVersions: ['*'],
          operations: ['CREATE', 'UPDATE'],
          resources,
        })),
        // Gatekeeper itself and the cluster's network must be able to start while Gatekeeper is unavailable.
        validatingWebhookExemptNamespacesLabels: {
          'kubernetes.io/metadata.name': ['kube-system', 'gatekeeper-system'],
        },
        disableMutation: true,
        auditInterval: 300,
        // The namespace has its labels already, and the release waits until Gatekeeper is ready.
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
    const constraint = constraintOf(name, enforcedNamespaces, parameters[name] ?? {});
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
          // Images are verified with the stage's key, so Sigstore's public services are not needed.
          extraArgs: { 'disable-tuf': true },
          // Required by the pod security level of the namespace, and not set by the chart.
          podSecurityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          namespaceSelector: {
            matchExpressions: [
              { key: 'kubernetes.io/metadata.name', operator: 'In', values: enforcedNamespaces },
            ],
          },
          serviceAccount: { name: 'policy-controller' },
          // Rejects images that match no policy.
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
