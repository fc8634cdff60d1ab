import type { Cache } from '../data/cache.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Database } from '../data/database.ts';
import type { Files } from '../data/files.ts';
import type { AppRoles } from '../security/iam.ts';
import type { Images } from '../images/index.ts';
import { apiObjects } from '../k8s/api.ts';
import type { Messaging } from '../data/messaging.ts';
import { createObjects, rolloutTimeouts } from '../cluster/objects.ts';
import type { Stage } from '../stage.ts';

export type AppParts = {
  cluster: Cluster;
  roles: AppRoles;
  database: Database;
  files: Files;
  messaging: Messaging;
  images: Images;
};

/** Rolls the API out: pods, their settings, and what scales and protects them, once `dependsOn` are there or done. */
export function createApi(
  stage: Stage,
  { cache, ...parts }: AppParts & { cache: Cache | null },
  dependsOn: $util.Resource[],
): $util.Resource[] {
  const { cluster, roles, database, files, messaging, images } = parts;
  const given = $resolve({
    region: aws.getRegionOutput().region,
    databaseUrl: database.writerUrl('portfolio_api'),
    readerUrl: database.readerUrl('portfolio_api'),
    queueUrl: messaging.jobs.url,
    bucketName: files.bucket.name,
    cache: cache && { url: cache.url, group: cache.group.replicationGroupId },
    image: images.refs.api,
    collectorImage: images.refs.collector,
  });
  return createObjects(
    'Api',
    given.apply((values) => apiObjects(stage, values)),
    {
      serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
      config: { apiVersion: 'v1', kind: 'ConfigMap' },
      sidecarConfig: { apiVersion: 'v1', kind: 'ConfigMap' },
      disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
      monitor: { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' },
      service: { apiVersion: 'v1', kind: 'Service' },
      deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
      scaling: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' },
    },
    { provider: cluster.provider, dependsOn: [...dependsOn, roles.api], customTimeouts: rolloutTimeouts },
  );
}
