import type { ClientCertificates } from '../edge/client-certificates.ts';
import type { Cluster } from '../cluster/index.ts';
import type { Database } from '../data/database.ts';
import { bindRole } from './pod-roles.ts';
import { secretObjects } from '../k8s/secrets.ts';
import { createObjects } from '../cluster/objects.ts';
import { createKey } from '../data/key.ts';
import type { Stage } from '../stage.ts';

export type Secrets = ReturnType<typeof createSecrets>;

/**
 * The secrets of a stage in Secrets Manager, empty. The migration job makes the encryption key, and operators set the other
 * values by hand, so that they are in neither settings nor state. Programs read theirs themselves; External Secrets syncs the
 * others.
 */
export function createSecrets(stage: Stage) {
  const key = createKey(stage, 'SecretsKey', 'Encrypts secrets');
  const secret = (name: string, description: string) =>
    new aws.secretsmanager.Secret(
      `${name}-secret`,
      {
        name: `${$app.name}/${stage.name}/${name}`,
        description,
        kmsKeyId: key.arn,
        // Without a recovery window, a removed stage can be created again immediately.
        recoveryWindowInDays: stage.isProtected ? 30 : 0,
      },
      { protect: stage.isProtected },
    );
  return {
    key,
    programs: {
      encryptionKeys: secret(
        'encryption-keys',
        'Keys that encrypt secrets in the database: {"current": name, "keys": {name: 32 bytes in base64}}',
      ),
      signIn: stage.signIn
        ? secret('sign-in', 'Secrets of the client at each issuer: {"clientSecret", another issuer: …}')
        : null,
    },
    synced: {
      nginx: secret('nginx-tls', 'Certificate of NGINX: {"certificate": PEM, "key": PEM}'),
      monitoring: secret(
        'monitoring-tls',
        'Certificate of Prometheus, CN=portfolio-monitoring: {"certificate": PEM, "key": PEM}',
      ),
      alerting: secret('alerting', 'Alert receivers: {"slackUrl", "pagerDutyKey"}'),
    },
  };
}

type Parts = { cluster: Cluster; database: Database; clients: ClientCertificates };

/** External Secrets, which syncs secrets into the cluster. Pods depend on the returned resources. */
export function syncSecrets(
  { key, synced }: Secrets,
  { cluster, database, clients }: Parts,
): $util.Resource[] {
  rotateMasterPassword(database);
  const names = {
    nginx: synced.nginx.name,
    monitoring: synced.monitoring.name,
    alerting: synced.alerting.name,
  };
  const { region } = aws.getRegionOutput();
  const objects = $resolve({ region, names, authorities: clients.authorities }).apply(secretObjects);
  const kind = { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret' } as const;
  const arns = Object.values(synced).map(({ arn }) => arn);
  return createObjects(
    'Synced',
    objects,
    {
      store: { apiVersion: 'external-secrets.io/v1', kind: 'ClusterSecretStore' },
      nginx: kind,
      monitoring: kind,
      alerting: kind,
    },
    { provider: cluster.provider, dependsOn: [createOperator(cluster, arns, key)] },
  );
}

/** RDS manages the master password in Secrets Manager, so that rotation needs no code here. */
const rotateMasterPassword = ({ masterSecretArn }: Database) =>
  new aws.secretsmanager.SecretRotation('MasterPasswordRotation', {
    secretId: masterSecretArn,
    rotateImmediately: false,
    rotationRules: { automaticallyAfterDays: 7 },
  });

/** External Secrets, with permission to read the secrets that it syncs only. */
function createOperator(
  { cluster, provider, namespaces }: Cluster,
  arns: $util.Output<string>[],
  key: aws.kms.Key,
) {
  const role = bindRole({ cluster }, 'external-secrets', {
    SyncedSecretsArns: arns,
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
