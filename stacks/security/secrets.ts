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
 * What the platform keeps in Secrets Manager, and External Secrets, which brings it into the cluster. Values are put there
 * by hand and are nowhere else: neither in a setting nor in the state of a deployment. Returns what pods wait for.
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
        // Without one, a stage that was removed can be made again at once.
        recoveryWindowInDays: stage.isProtected ? 30 : 0,
      },
      { protect: stage.isProtected },
    ).name;
  const names = {
    nginx: secret('nginx-tls', 'Of NGINX: {"certificate": PEM, "key": PEM}'),
    monitoring: secret(
      'monitoring-tls',
      'Of Prometheus, CN=portfolio-monitoring: {"certificate": PEM, "key": PEM}',
    ),
    alerting: secret('alerting', 'Whom alerts go to: {"slackUrl", "pagerDutyKey"}'),
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

/** RDS makes the password, keeps it in Secrets Manager and changes both at once, without any code of ours. */
const rotateMasterPassword = ({ masterSecretArn }: Database) =>
  new aws.secretsmanager.SecretRotation('MasterPasswordRotation', {
    secretId: masterSecretArn,
    rotateImmediately: false,
    rotationRules: { automaticallyAfterDays: 7 },
  });

/** External Secrets, which may read secrets below `prefix` and no others. */
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
        // Into the cluster alone, and by a store of the cluster alone.
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
