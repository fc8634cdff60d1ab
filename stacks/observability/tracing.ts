import type { Cluster } from '../cluster/index.ts';
import { createObjects, rolloutTimeouts } from '../cluster/objects.ts';
import type { Images } from '../images/index.ts';
import { gatewayObjects } from '../k8s/collector-gateway.ts';
import { bindRole } from '../security/pod-roles.ts';

/** The collector that receives traces from the sidecars and sends what is kept to X-Ray, after `prometheus`, which scrapes it. */
export function createTracing(
  { cluster, provider, namespaces }: Cluster,
  images: Images,
  prometheus: $util.Resource,
) {
  const role = bindRole({ cluster }, 'otel-collector');
  const { region } = aws.getRegionOutput();
  const given = $resolve({ image: images.refs.collector, region });
  createObjects(
    'Tracing',
    given.apply((values) => gatewayObjects(values)),
    {
      serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
      config: { apiVersion: 'v1', kind: 'ConfigMap' },
      disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
      monitor: { apiVersion: 'monitoring.coreos.com/v1', kind: 'PodMonitor' },
      service: { apiVersion: 'v1', kind: 'Service' },
      deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
    },
    { provider, dependsOn: [prometheus, role, ...namespaces], customTimeouts: rolloutTimeouts },
  );
}
