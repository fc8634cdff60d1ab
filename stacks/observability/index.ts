import type { Cluster } from '../cluster/index.ts';
import type { Images } from '../images/index.ts';
import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';
import { createLogging } from './logging.ts';
import { createMonitoring } from './monitoring.ts';
import { createTracing } from './tracing.ts';

/** Metrics, logs and traces. Returns the release of Prometheus, which PodMonitors and ScaledObjects depend on. */
export function createObservability(
  stage: Stage,
  { network, cluster, images }: { network: Network; cluster: Cluster; images: Images },
): $util.Resource {
  const prometheus = createMonitoring(stage, cluster);
  createLogging(stage, network, cluster);
  createTracing(cluster, images, prometheus);
  return prometheus;
}
