import type { IConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { createHash } from 'node:crypto';
import { labelsOf } from './labels.ts';

type Config = { name: string; namespace: string; component: string; data: Record<string, string> };

/**
 * An immutable ConfigMap whose name ends with a hash of its data. Changed settings thus start a rollout, old pods keep
 * their settings, and a rollback restores image and settings together.
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
