import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { createHash } from 'node:crypto';
import { labelsOf } from './labels.ts';

type Config = { name: string; namespace: string; component: string; data: Record<string, string> };

/**
 * A ConfigMap that never changes: its name ends with a hash of what is in it. So other settings are a rollout like
 * another image, pods of before keep theirs to their end, and a rollback brings both back.
 */
export function configMap({ name, namespace, component, data }: Config) {
  const sorted = Object.entries(data).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const hash = createHash('sha256').update(JSON.stringify(sorted)).digest('hex').slice(0, 10);
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: `${name}-${hash}`, namespace, labels: labelsOf(name, component) },
    immutable: true,
    data,
  } satisfies IConfigMap;
}
