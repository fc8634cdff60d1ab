import type { Cluster } from '../cluster/index.ts';
import type { Images } from '../images/index.ts';
import type { Network } from '../network.ts';
import type { Stage } from '../stage.ts';
import { createAccessLogs } from './access-logs.ts';
import type { ClientCertificates } from './client-certificates.ts';
import { createDomains } from './domains.ts';
import { createLoadBalancers } from './load-balancers.ts';
import { createNginx } from './nginx.ts';
import { createWeb } from './web.ts';

type Parts = { network: Network; cluster: Cluster; images: Images; clients: ClientCertificates };

/**
 * Everything between clients and the API: domains with their certificates, load balancers, NGINX, and CloudFront with
 * the page. NGINX starts once all of `dependsOn` exist.
 */
export function createEdge(
  stage: Stage,
  { network, cluster, images, clients }: Parts,
  dependsOn: $util.Resource[],
) {
  const logs = createAccessLogs(stage);
  const nginx = createNginx(stage, { cluster, images, clients }, [
    cluster.loadBalancerController,
    ...dependsOn,
  ]);
  const domains = createDomains(stage);
  const loadBalancers = createLoadBalancers(stage, { cluster, network, clients, logs, domains }, nginx);
  createWeb(stage, { browsers: loadBalancers.browsers, domains, logs });
  return { domains, loadBalancers };
}
