import type { ClientCertificates } from '../edge/client-certificates.ts';
import type { Cluster } from '../cluster/index.ts';
import type { Database } from '../data/database.ts';
import { bindRole } from './pod-roles.ts';
import { secretObjects } from '../k8s/secrets.ts';
import { createObjects } from '../cluster/objects.ts';
import { createKey } from '../data/key.ts';
import type { Stage } from '../stage.ts';

type Parts = { cluster: Cluster; database: Database; clients: ClientCertificates };

/**
 * Secrets in Secrets Manager, and External Secrets, which syncs them into the cluster. Operators set the values by hand,
 * so that they are in neither settings nor state. Pods depend on the returned resources.
 */
export function createSecrets(stage: Stage, { cluster, database, clients }: Parts): $util.Resource[] {
  rotateMasterPassword(database);
  const key = createKey(stage, 'SecretsKey', 'Encrypts secrets');
  const prefix = `${$app.name}/${stage.name}/`;
  const secret = (name: string, description: string) =>
    new aws.secretsmanager.Secret(
      `${name}-secret`,
      {
        name: prefix + name,
        description,
        kmsKeyId: key.arn,
        // Without a recovery window, a removed stage can be created again immediately.
        recoveryWindowInDays: stage.isProtected ? 30 : 0,
      },
      { protect: stage.isProtected },
    ).name;
  const names = {
    nginx: secret('nginx-tls', 'Certificate of NGINX: {"certificate": PEM, "key": PEM}'),
    monitoring: secret(
      'monitoring-tls',
      'Certificate of Prometheus, CN=portfolio-monitoring: {"certificate": PEM, "key": PEM}',
    ),
    alerting: secret('alerting', 'Alert receivers: {"slackUrl", "pagerDutyKey"}'),
  };
  const { region } = aws.getRegionOutput();
  const objects = $resolve({ region, names, authorities: clients.authorities }).apply(secretObjects);
  const kind = { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret' } as const;
  return createObjects(
    'Synced',
    objects,
    {
      store: { apiVersion: 'external-secrets.io/v1', kind: 'ClusterSecretStore' },
      nginx: kind,
      monitoring: kind,
      alerting: kind,
    },
    { provider: cluster.provider, dependsOn: [createOperator(cluster, prefix, key)] },
  );
}

/** RDS manages the master password in Secrets Manager, so that rotation needs no code here. */
const rotateMasterPassword = ({ masterSecretArn }: Database) =>
  new aws.secretsmanager.SecretRotation('MasterPasswordRotation', {
    secretId: masterSecretArn,
    rotateImmediately: false,
    rotationRules: { automaticallyAfterDays: 7 },
  });

/** External Secrets, with permission to read the secrets below `prefix` only. */
function createOperator({ cluster, provider, namespaces }: Cluster, prefix: string, key: aws.kms.Key) {
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  const role = bindRole({ cluster }, 'external-secrets', {
    SyncedSecretsArn: $interpolate`arn:aws:secretsmanager:${region}:${accountId}:secret:${prefix}*`,
    SecretsKeyArn: key.arn,
  });
  const replicas = { replicaCount: 2, podDisruptionBudget: { enabled: true, minAvailable: 1 } };
  const resources = { requests: { cpu: '25m', memory: '128Mi' }, limits: { cpu: '500m', memory: '256Mi' } };
  return new kubernetes.helm.v3.Release(
    'ExternalSecrets',
    {
      name: 'external-secrets',
      namespace: 'external-secrets',
      chart: 'external-secrets',
      version: '2.9.0',
      repositoryOpts: { repo: 'https://charts.external-secrets.io' },
      values: {
        ...replicas,
        resources,
        leaderElect: true,
        serviceAccount: { name: 'external-secrets' },
        // Secrets are only synced into the cluster, and only through a ClusterSecretStore.
        processPushSecret: false,
        processClusterPushSecret: false,
        processSecretStore: false,
        processClusterExternalSecret: false,
        processClusterGenerator: false,
        webhook: { ...replicas, resources },
        certController: { ...replicas, resources },
      },
    },
    { provider, dependsOn: [role, ...namespaces] },
  );
}
