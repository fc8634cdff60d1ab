import type { AppParts } from './index.ts';
import { workerObjects } from '../k8s/worker.ts';
import { createObjects, rolloutTimeouts } from '../cluster/objects.ts';
import type { Stage } from '../stage.ts';

/** Rolls the worker out: pods, their settings, and what scales and protects them, once `dependsOn` are there or done. */
export function createWorker(stage: Stage, parts: AppParts, dependsOn: $util.Resource[]) {
  const { cluster, roles, database, files, messaging, images } = parts;
  const given = $resolve({
    region: aws.getRegionOutput().region,
    databaseUrl: database.writerUrl('portfolio_worker'),
    readerUrl: database.readerUrl('portfolio_worker'),
    queueUrl: messaging.jobs.url,
    queueName: messaging.jobs.nodes.queue.name,
    deadLetterQueueUrl: messaging.deadLetters.url,
    bucketName: files.bucket.name,
    image: images.refs.worker,
    collectorImage: images.refs.collector,
  });
  createObjects(
    'Worker',
    given.apply((values) => workerObjects(stage, values)),
    {
      serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
      config: { apiVersion: 'v1', kind: 'ConfigMap' },
      sidecarConfig: { apiVersion: 'v1', kind: 'ConfigMap' },
      disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
      monitor: { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' },
      deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
      queueAuthentication: { apiVersion: 'keda.sh/v1alpha1', kind: 'TriggerAuthentication' },
      scaling: { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject' },
    },
    { provider: cluster.provider, dependsOn: [...dependsOn, roles.worker], customTimeouts: rolloutTimeouts },
  );
}
