import { bindRole } from '../security/pod-roles.ts';
import type { AppParts } from './index.ts';

type Parts = Omit<AppParts, 'roles' | 'images'>;

/**
 * The IAM roles of API, worker and migrations. Each may sign in to the database as its own user only. Pods must depend on
 * their role: one that starts before its role is bound gets no credentials.
 */
export function createRoles({ cluster, database, cache, files, messaging, secrets }: Parts) {
  const { accountId } = aws.getCallerIdentityOutput();
  const { region } = aws.getRegionOutput();
  const users = $interpolate`arn:aws:rds-db:${region}:${accountId}:dbuser:${database.cluster.clusterResourceId}`;
  const shared = {
    DatabaseUsersArn: users,
    JobsArns: messaging.arns,
    FilesArn: files.bucket.arn,
    DataKeyArn: files.key.arn,
    QueueKeyArn: messaging.key.arn,
    SecretsKeyArn: secrets.key.arn,
  };
  const { encryptionKeys, signIn } = secrets.programs;
  const ofApi = [encryptionKeys.arn, ...(signIn ? [signIn.arn] : [])];
  const api = { ...shared, OwnSecretsArns: ofApi };
  return {
    api: bindRole(cluster, 'portfolio-api', api, cache ? { 'portfolio-api-cache': cache.arns } : {}),
    worker: bindRole(cluster, 'portfolio-worker', {
      ...shared,
      DeadLettersArn: messaging.deadLetters.arn,
      OwnSecretsArns: [encryptionKeys.arn],
    }),
    migrator: bindRole(cluster, 'portfolio-migrator', {
      DatabaseUsersArn: users,
      MasterSecretArn: database.masterSecretArn,
      EncryptionKeysArn: encryptionKeys.arn,
      SecretsKeyArn: secrets.key.arn,
      DataKeyArn: files.key.arn,
    }),
  };
}
