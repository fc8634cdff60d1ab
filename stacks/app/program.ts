import { rolloutTimeouts } from '../cluster/objects.ts';
import type { AppParts } from './index.ts';

/** What API and worker both need to know of the stage; each signs in to the database as the user `databaseUser`. */
export const programFacts = ({ database, files, messaging, images }: AppParts, databaseUser: string) => ({
  region: aws.getRegionOutput().region,
  databaseUrl: database.writerUrl(databaseUser),
  readerUrl: database.readerUrl(databaseUser),
  queueUrl: messaging.jobs.url,
  bucketName: files.bucket.name,
  collectorImage: images.refs.collector,
});

/** The kinds of the objects that a program's Deployment needs before it, in the order in which they are created. */
export const programKinds = {
  serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
  config: { apiVersion: 'v1', kind: 'ConfigMap' },
  sidecarConfig: { apiVersion: 'v1', kind: 'ConfigMap' },
  disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
  monitor: { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' },
} as const;

export const programOptions = (
  { cluster: { provider } }: AppParts,
  role: $util.Resource,
  dependsOn: $util.Resource[],
) => ({ provider, dependsOn: [...dependsOn, role], customTimeouts: rolloutTimeouts });
