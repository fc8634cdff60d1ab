import type { Network } from '../network.ts';
import { createEks } from './eks.ts';
import { createLoadBalancerController } from './load-balancer-controller.ts';
import { createNamespaces } from './namespaces.ts';
import { createScaling } from './scaling.ts';
import type { Stage } from '../stage.ts';
import { createVolumes } from './volumes.ts';

export type Cluster = ReturnType<typeof createCluster>;

/**
 * The Kubernetes cluster and what all workloads rely on. Objects depend on `namespaces`; ScaledObjects also on `scaling`,
 * Ingresses on `loadBalancerController`, and pods with volumes on `storageClass`.
 */
export function createCluster(stage: Stage, network: Network) {
  const eks = createEks(stage, network);
  const cluster = { ...eks, namespaces: createNamespaces(stage, eks) };
  return {
    ...cluster,
    storageClass: createVolumes(eks),
    scaling: createScaling(cluster),
    loadBalancerController: createLoadBalancerController(cluster, network),
  };
}
