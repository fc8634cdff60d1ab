import type { AppParts } from './index.ts';
import { migrationObjects, migrationSeconds } from '../k8s/migration.ts';
import { createObjects } from '../cluster/objects.ts';

/** Runs the migrations. API and worker depend on the returned resources, so that they start with a migrated database. */
export function createMigration(
  { cluster: { provider }, roles, database, images, secrets }: AppParts,
  dependsOn: $util.Resource[],
) {
  const given = $resolve({
    region: aws.getRegionOutput().region,
    databaseUrl: database.writerUrl('portfolio_migrator'),
    masterUrl: database.masterUrl,
    masterSecret: database.masterSecretArn,
    encryptionKeys: secrets.programs.encryptionKeys.arn,
    image: images.refs.api,
  });
  return createObjects(
    'Migration',
    given.apply(migrationObjects),
    {
      serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
      config: { apiVersion: 'v1', kind: 'ConfigMap' },
      job: { apiVersion: 'batch/v1', kind: 'Job' },
    },
    {
      provider,
      dependsOn: [...dependsOn, roles.migrator],
      customTimeouts: { create: `${migrationSeconds + 60}s` },
    },
  );
}
