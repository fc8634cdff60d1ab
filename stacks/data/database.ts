import type { Files } from './files.ts';
import type { Network } from '../network.ts';
import { type Stage, keep } from '../stage.ts';

export type Database = ReturnType<typeof createDatabase>;

/** The major version is also that of development and tests, so that every statement works in both. */
const postgresVersion = '17.6';
const databaseName = 'portfolio';
/** Required by the reference architecture, and the longest retention that Aurora supports. */
const backupDays = 35;

/**
 * Aurora PostgreSQL in three zones. SST's component would keep the master password in its state; here Aurora generates
 * it and rotates it in Secrets Manager. Pods sign in with IAM tokens.
 */
export function createDatabase(stage: Stage, { vpc, groups }: Network, { key }: Files) {
  const subnets = new aws.rds.SubnetGroup('DatabaseSubnets', { subnetIds: vpc.privateSubnets });
  const parameters = new aws.rds.ClusterParameterGroup('DatabaseParameters', {
    family: `aurora-postgresql${postgresVersion.split('.')[0]}`,
    parameters: [
      { name: 'rds.force_ssl', value: '1' },
      { name: 'log_min_duration_statement', value: '1000' },
      { name: 'log_lock_waits', value: '1' },
    ],
  });
  const name = `${$app.name}-${stage.name}`;
  const logs = new aws.cloudwatch.LogGroup('DatabaseLogs', {
    // Aurora writes to this name. It would create a group without retention if there were none.
    name: `/aws/rds/cluster/${name}/postgresql`,
    retentionInDays: stage.logDays,
  });
  const cluster = new aws.rds.Cluster(
    'Database',
    {
      clusterIdentifier: name,
      engine: 'aurora-postgresql',
      engineVersion: postgresVersion,
      databaseName,
      masterUsername: 'portfolio_master',
      manageMasterUserPassword: true,
      masterUserSecretKmsKeyId: key.id,
      iamDatabaseAuthenticationEnabled: true,
      storageEncrypted: true,
      kmsKeyId: key.arn,
      dbSubnetGroupName: subnets.name,
      vpcSecurityGroupIds: [groups.database.id],
      dbClusterParameterGroupName: parameters.name,
      serverlessv2ScalingConfiguration: {
        minCapacity: stage.database.minUnits,
        maxCapacity: stage.database.maxUnits,
      },
      backupRetentionPeriod: backupDays,
      preferredBackupWindow: '02:00-03:00',
      preferredMaintenanceWindow: 'sun:03:30-sun:04:30',
      copyTagsToSnapshot: true,
      deletionProtection: stage.isProtected,
      skipFinalSnapshot: !stage.isProtected,
      ...(stage.isProtected && { finalSnapshotIdentifier: `${name}-final` }),
      enabledCloudwatchLogsExports: ['postgresql'],
    },
    { ...keep(stage), dependsOn: [logs] },
  );
  const instances = [
    'Writer',
    ...Array.from({ length: stage.database.readers }, (_, index) => `Reader${index + 1}`),
  ];
  for (const [tier, role] of instances.entries()) {
    new aws.rds.ClusterInstance(`Database${role}`, {
      clusterIdentifier: cluster.id,
      engine: 'aurora-postgresql',
      engineVersion: cluster.engineVersion,
      instanceClass: 'db.serverless',
      dbSubnetGroupName: subnets.name,
      // Readers in tiers 0 and 1 scale with the writer and are promoted first.
      promotionTier: tier,
      performanceInsightsEnabled: true,
      performanceInsightsKmsKeyId: key.arn,
      autoMinorVersionUpgrade: false,
    });
  }
  const url = (user: string, host: $util.Output<string>) =>
    $interpolate`postgres://${user}@${host}:${cluster.port}/${databaseName}`;
  return {
    cluster,
    masterSecretArn: cluster.masterUserSecrets.apply(([secret]) => secret.secretArn),
    masterUrl: $interpolate`postgres://${cluster.masterUsername}@${cluster.endpoint}:${cluster.port}/${databaseName}`,
    /** The URL for a user of the database, without a password. */
    writerUrl: (user: string) => url(user, cluster.endpoint),
    readerUrl: (user: string) => url(user, cluster.readerEndpoint),
  };
}
