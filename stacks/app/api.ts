import { createObjects, rolloutTimeouts } from '../cluster/objects.ts';
import { apiObjects } from '../k8s/api.ts';
import type { Stage } from '../stage.ts';
import type { AppParts } from './index.ts';

/** Rolls the API out: pods, their settings, and what scales and protects them, once `dependsOn` are there or done. */
export function createApi(stage: Stage, parts: AppParts, dependsOn: $util.Resource[]): $util.Resource[] {
  const { cluster, roles, database, cache, files, messaging, images } = parts;
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
