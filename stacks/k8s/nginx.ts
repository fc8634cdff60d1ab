import type { IProbe } from 'kubernetes-models/v1/Probe';
import type { IService } from 'kubernetes-models/v1/Service';
import type { Stage } from '../stage.ts';
import { metricsPort } from './collector.ts';
import { configMap } from './config-map.ts';
import { deployment } from './deployment.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { apiPort } from './environment.ts';
import { labelsOf, selectorOf } from './labels.ts';
import { nginxConfig, nginxShutdownSeconds } from './nginx-config.ts';
import { type Part, scratch } from './pod.ts';
import { serviceAccount } from './service-account.ts';

const name = 'portfolio-nginx';
const namespace = 'portfolio';
const component = 'nginx';

export const nginxPorts = { consumers: 8443, browsers: 8444, monitoring: 9443 };
/** The Secret with NGINX's own certificate. */
export const nginxCertificate = 'portfolio-nginx-tls';

/** How long a stopping pod keeps serving, until load balancers have deregistered it. */
const preStopSeconds = 15;
const api = 'portfolio-api.portfolio.svc.cluster.local';

/** The certificate authorities of clients and their revocation list, as PEM. */
export type Clients = { authorities: string; revoked: string };

/** All Kubernetes objects of NGINX. */
export function nginxObjects(stage: Stage, { image, clients }: { image: string; clients: Clients }) {
  const settings = nginxConfig({
    ports: nginxPorts,
    api: `${api}:${apiPort}`,
    metrics: `${api}:${metricsPort}`,
    certificate: '/etc/nginx/certificate',
    clients: '/etc/nginx/clients',
    scratch: '/tmp',
    accessLog: '/dev/stdout',
  });
  const config = configMap({ name, namespace, component, data: { 'nginx.conf': settings } });
  const { authorities, revoked } = clients;
  const pem = { 'authorities.pem': authorities, 'revoked.pem': revoked };
  const trusted = configMap({ name: `${name}-clients`, namespace, component, data: pem });
  return {
    serviceAccount: serviceAccount(name, namespace, component),
    config,
    clients: trusted,
    disruptionBudget: disruptionBudget(name, namespace, component),
    service,
    deployment: createDeployment(stage, image, config.metadata.name, trusted.metadata.name),
  };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: labelsOf(name, component) },
  spec: {
    selector: selectorOf(name),
    ports: Object.entries(nginxPorts).map(([port, number]) => ({
      name: port,
      port: number,
      targetPort: port,
    })),
  },
} satisfies IService;

const createDeployment = (stage: Stage, image: string, config: string, clients: string) =>
  deployment({
    name,
    namespace,
    component,
    nodes: 'system',
    replicas: stage.replicas.nginx,
    graceSeconds: preStopSeconds + nginxShutdownSeconds + 5,
    volumes: [
      { name: 'config', configMap: { name: config } },
      { name: 'clients', configMap: { name: clients } },
      { name: 'certificate', secret: { secretName: nginxCertificate } },
      // For buffered bodies that do not fit in memory.
      scratch('tmp', '1Gi'),
    ],
    containers: [container(image)],
  });

const container = (image: string): Part => ({
  name: 'nginx',
  image,
  command: ['nginx', '-c', '/etc/nginx/config/nginx.conf', '-e', 'stderr'],
  ports: Object.entries(nginxPorts).map(([port, number]) => ({ name: port, containerPort: number })),
  startupProbe: healthProbe(6),
  livenessProbe: healthProbe(3),
  readinessProbe: healthProbe(2),
  lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } },
  resources: { cpu: '100m', cpuLimit: '1', memory: '256Mi' },
  volumeMounts: [
    { name: 'config', mountPath: '/etc/nginx/config', readOnly: true },
    { name: 'clients', mountPath: '/etc/nginx/clients', readOnly: true },
    { name: 'certificate', mountPath: '/etc/nginx/certificate', readOnly: true },
    { name: 'tmp', mountPath: '/tmp' },
  ],
});

const healthProbe = (failureThreshold: number): IProbe => ({
  httpGet: { path: '/healthz', port: 'consumers', scheme: 'HTTPS' },
  periodSeconds: 5,
  timeoutSeconds: 3,
  failureThreshold,
});
