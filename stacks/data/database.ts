import type { Files } from './files.ts';
import type { Network } from '../network.ts';
import { type Stage, keep } from '../stage.ts';

export type Database = ReturnType<typeof createDatabase>;

/** What is run here must run there: migrations and statements need no more than this version has. */
const postgresVersion = '17.6';
const databaseName = 'portfolio';
/** What the reference architecture asks for, and the most that Aurora keeps. */
const backupDays = 35;

/**
 * Aurora PostgreSQL over three zones. SST's own component makes a password and keeps it in its state; here Aurora makes
 * that of the master, which it keeps and renews in Secrets Manager, and pods sign in with tokens of their IAM roles.
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
    // Where Aurora writes; it would make the group itself, and keep all for ever.
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
      // Those of the first two tiers grow with the writer, and are promoted first.
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
    /** Where a user of the database signs in: no password is in it. */
    writerUrl: (user: string) => url(user, cluster.endpoint),
    readerUrl: (user: string) => url(user, cluster.readerEndpoint),
  };
}
