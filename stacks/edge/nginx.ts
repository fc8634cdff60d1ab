import type { ClientCertificates } from './client-certificates.ts';
import type { Cluster } from '../cluster/index.ts';
import type { Images } from '../images/index.ts';
import { nginxObjects } from '../k8s/nginx.ts';
import { createObjects } from '../cluster/objects.ts';
import type { Stage } from '../stage.ts';

type Parts = { cluster: Cluster; images: Images; clients: ClientCertificates };

/** Rolls out NGINX after `dependsOn`, since it does not start without its certificate and the API's Service. */
export function createNginx(
  stage: Stage,
  { cluster, images, clients: { authorities, revoked } }: Parts,
  dependsOn: $util.Resource[],
): $util.Resource[] {
  const given = $resolve({ image: images.refs.nginx, clients: { authorities, revoked } });
  return createObjects(
    'Nginx',
    given.apply((values) => nginxObjects(stage, values)),
    {
      serviceAccount: { apiVersion: 'v1', kind: 'ServiceAccount' },
      config: { apiVersion: 'v1', kind: 'ConfigMap' },
      clients: { apiVersion: 'v1', kind: 'ConfigMap' },
      disruptionBudget: { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' },
      service: { apiVersion: 'v1', kind: 'Service' },
      deployment: { apiVersion: 'apps/v1', kind: 'Deployment' },
    },
    { provider: cluster.provider, dependsOn },
  );
}
