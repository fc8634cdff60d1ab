import type { Eks } from './eks.ts';
import { namespace, namespaces } from '../k8s/namespace.ts';
import { networkPolicies } from '../k8s/network-policy.ts';
import { createObject } from './objects.ts';
import type { Stage } from '../stage.ts';

export type Namespaces = ReturnType<typeof createNamespaces>;

/**
 * All namespaces with their network policies, which deny all traffic except the flows in stacks/k8s/flows.ts. Every other
 * object in the cluster depends on the returned resources.
 */
export function createNamespaces(stage: Stage, { provider }: Eks): $util.Resource[] {
  const names = Object.keys(namespaces) as (keyof typeof namespaces)[];
  const made = names.map((name) => createObject(`${name}-namespace`, namespace(name), { provider }));
  const policies = networkPolicies(stage).map((policy) =>
    createObject(`${policy.metadata.namespace}-${policy.metadata.name}-policy`, policy, {
      provider,
      dependsOn: made,
    }),
  );
  return [...made, ...policies];
}
