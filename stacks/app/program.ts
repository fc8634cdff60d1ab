import { rolloutTimeouts } from '../cluster/objects.ts';
import type { AppParts } from './index.ts';

/** The values that the manifests of both API and worker need. `databaseUser` is the program's user in the database. */
export const programFacts = (
  { database, files, messaging, images, secrets }: AppParts,
  databaseUser: string,
) => ({
  region: aws.getRegionOutput().region,
  databaseUrl: database.writerUrl(databaseUser),
  readerUrl: database.readerUrl(databaseUser),
  queueUrls: messaging.queueUrls,
  bucketName: files.bucket.name,
  encryptionKeys: secrets.programs.encryptionKeys.arn,
  collectorImage: images.refs.collector,
});

/** The kinds of the objects that are created before a program's Deployment, in order. */
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
