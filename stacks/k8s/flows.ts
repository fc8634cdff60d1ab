import type { NamespaceName } from './namespace.ts';
import { apiPort } from './environment.ts';
import { metricsPort } from './collector.ts';
import { nginxPorts } from './nginx.ts';

/** Pods, by namespace and by labels that the Service before them selects by, too. */
export type Pods = { namespace: NamespaceName; labels: Record<string, string> };

/** A port of TCP, or a range of them. */
type Port = number | readonly [from: number, to: number];

/** Who may open connections to whom. */
export type Flow = {
  from: readonly (PodsName | PlaceName)[];
  to: readonly (PodsName | PlaceName)[];
  ports: readonly Port[];
  udp?: readonly number[];
};

const named = (namespace: NamespaceName, name: string): Pods => ({
  namespace,
  labels: { 'app.kubernetes.io/name': name },
});
const app = (namespace: NamespaceName, name: string): Pods => ({ namespace, labels: { app: name } });

/**
 * All pods that speak or are spoken to; those of charts by the labels that their charts give them. What is on its node's
 * own network (kube-proxy, the CNI, the Pod Identity agent, the node exporter) is no pod to network policies.
 */
export const pods = {
  nginx: named('portfolio', 'portfolio-nginx'),
  api: named('portfolio', 'portfolio-api'),
  worker: named('portfolio', 'portfolio-worker'),
  migration: named('portfolio', 'portfolio-migrator'),
  prometheus: named('monitoring', 'prometheus'),
  alertmanager: named('monitoring', 'alertmanager'),
  grafana: named('monitoring', 'grafana'),
  prometheusOperator: app('monitoring', 'kube-prometheus-stack-operator'),
  prometheusWebhookCreate: app('monitoring', 'kube-prometheus-stack-admission-create'),
  prometheusWebhookPatch: app('monitoring', 'kube-prometheus-stack-admission-patch'),
  kubeStateMetrics: named('monitoring', 'kube-state-metrics'),
  cloudwatchExporter: named('monitoring', 'cloudwatch-exporter'),
  fluentBit: named('logging', 'fluent-bit'),
  traceCollector: named('tracing', 'otel-collector'),
  externalSecrets: named('external-secrets', 'external-secrets'),
  externalSecretsWebhook: named('external-secrets', 'external-secrets-webhook'),
  externalSecretsCertificates: named('external-secrets', 'external-secrets-cert-controller'),
  keda: app('keda', 'keda-operator'),
  kedaMetrics: app('keda', 'keda-operator-metrics-apiserver'),
  kedaWebhook: app('keda', 'keda-admission-webhooks'),
  gatekeeper: { namespace: 'gatekeeper-system', labels: { 'control-plane': 'controller-manager' } },
  gatekeeperAudit: { namespace: 'gatekeeper-system', labels: { 'control-plane': 'audit-controller' } },
  /** Jobs of its chart, and with them all that it runs. */
  gatekeeperJobs: app('gatekeeper-system', 'gatekeeper'),
  policyController: named('cosign-system', 'policy-controller'),
  dns: { namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  metricsServer: named('kube-system', 'metrics-server'),
  loadBalancerController: named('kube-system', 'aws-load-balancer-controller'),
  clusterAutoscaler: named('kube-system', 'cluster-autoscaler'),
  volumeController: app('kube-system', 'ebs-csi-controller'),
  volumeNode: app('kube-system', 'ebs-csi-node'),
} as const satisfies Record<string, Pods>;

export type PodsName = keyof typeof pods;

/** Addresses that are no pods'; what each is made of is in network-policy.ts. */
export type PlaceName =
  | 'internet'
  | 'aws'
  | 'vpc'
  | 'controlPlane'
  | 'loadBalancer'
  | 'originLoadBalancer'
  | 'kubernetesApi'
  | 'podIdentityAgent';

const everyone = Object.keys(pods) as PodsName[];
const withRole = [
  'api',
  'worker',
  'migration',
  'cloudwatchExporter',
  'fluentBit',
  'traceCollector',
  'externalSecrets',
  'keda',
  'policyController',
  'loadBalancerController',
  'clusterAutoscaler',
  'volumeController',
] as const;
const databasePort = 5432;
export const cachePort = 6379;

/** The declared flows: everything else is refused, in both directions and in every namespace. */
export const flows: readonly Flow[] = [
  // What consumers and browsers ask for.
  { from: ['loadBalancer'], to: ['nginx'], ports: [nginxPorts.consumers] },
  { from: ['originLoadBalancer'], to: ['nginx'], ports: [nginxPorts.browsers] },
  { from: ['nginx'], to: ['api'], ports: [apiPort, metricsPort] },
  { from: ['api', 'worker', 'migration'], to: ['vpc'], ports: [databasePort] },
  { from: ['api'], to: ['vpc'], ports: [cachePort] },
  // S3 has public addresses; the issuer's keys are on the internet, too.
  { from: ['api'], to: ['internet'], ports: [443] },
  // Evidence and webhooks: what `checkUrl` in core lets through.
  { from: ['worker'], to: ['internet'], ports: [443, [1024, 65_535]] },
  { from: ['api', 'worker'], to: ['traceCollector'], ports: [4317] },

  // What everybody needs of the cluster and of AWS.
  { from: everyone, to: ['dns'], ports: [53], udp: [53] },
  { from: ['dns'], to: ['vpc'], ports: [53], udp: [53] },
  { from: withRole, to: ['aws'], ports: [443] },
  { from: withRole, to: ['podIdentityAgent'], ports: [80] },
  {
    from: [
      'prometheus',
      'prometheusOperator',
      'prometheusWebhookCreate',
      'prometheusWebhookPatch',
      'kubeStateMetrics',
      'grafana',
      'fluentBit',
      'traceCollector',
      'externalSecrets',
      'externalSecretsWebhook',
      'externalSecretsCertificates',
      'keda',
      'kedaMetrics',
      'kedaWebhook',
      'gatekeeper',
      'gatekeeperAudit',
      'gatekeeperJobs',
      'policyController',
      'dns',
      'metricsServer',
      'loadBalancerController',
      'clusterAutoscaler',
      'volumeController',
      'volumeNode',
    ],
    to: ['kubernetesApi'],
    ports: [443],
  },

  // What Kubernetes' API asks: webhooks, and metrics that are part of it.
  { from: ['controlPlane'], to: ['gatekeeper', 'policyController'], ports: [8443] },
  { from: ['controlPlane'], to: ['loadBalancerController', 'kedaWebhook'], ports: [9443] },
  { from: ['controlPlane'], to: ['externalSecretsWebhook', 'prometheusOperator'], ports: [10_250] },
  { from: ['controlPlane'], to: ['kedaMetrics'], ports: [6443] },
  { from: ['controlPlane'], to: ['metricsServer'], ports: [10_251] },
  { from: ['metricsServer'], to: ['vpc'], ports: [10_250] },
  { from: ['gatekeeperJobs'], to: ['gatekeeper'], ports: [8443] },

  // Scaling asks KEDA's operator, and that asks Prometheus.
  { from: ['kedaMetrics'], to: ['keda'], ports: [9666] },
  { from: ['keda'], to: ['prometheus'], ports: [9090] },

  // What Prometheus reads: of the pods, and of what is on the nodes' own network (kubelet, node exporter).
  { from: ['prometheus'], to: ['api', 'worker'], ports: [metricsPort] },
  { from: ['prometheus'], to: ['nginx'], ports: [nginxPorts.monitoring] },
  { from: ['prometheus'], to: ['prometheus'], ports: [8080, 9090] },
  { from: ['prometheus'], to: ['alertmanager'], ports: [8080, 9093] },
  { from: ['prometheus'], to: ['grafana'], ports: [3000] },
  { from: ['prometheus'], to: ['cloudwatchExporter'], ports: [5000] },
  { from: ['prometheus'], to: ['prometheusOperator'], ports: [10_250] },
  { from: ['prometheus'], to: ['fluentBit'], ports: [2020] },
  { from: ['prometheus'], to: ['traceCollector', 'gatekeeper', 'gatekeeperAudit'], ports: [8888] },
  { from: ['prometheus'], to: ['policyController'], ports: [9090] },
  { from: ['prometheus'], to: ['clusterAutoscaler'], ports: [8085] },
  { from: ['prometheus'], to: ['dns'], ports: [9153] },
  {
    from: ['prometheus'],
    to: [
      'kubeStateMetrics',
      'loadBalancerController',
      'externalSecrets',
      'externalSecretsWebhook',
      'externalSecretsCertificates',
      'keda',
      'kedaMetrics',
      'kedaWebhook',
    ],
    ports: [8080],
  },
  { from: ['prometheus'], to: ['vpc'], ports: [9100, 10_250] },

  // Logs go to OpenSearch, which has addresses of the network's own.
  { from: ['fluentBit'], to: ['vpc'], ports: [443] },

  // What people look at, and what wakes them.
  { from: ['grafana'], to: ['prometheus'], ports: [9090] },
  { from: ['grafana', 'alertmanager'], to: ['alertmanager'], ports: [9093] },
  { from: ['alertmanager'], to: ['alertmanager'], ports: [9094], udp: [9094] },
  { from: ['alertmanager'], to: ['internet'], ports: [443] },
];
