import type { NamespaceName } from './namespace.ts';
import { apiPort, backlogPort } from './environment.ts';
import { otlpPort, ownMetricsPort } from './collector-parts.ts';
import { metricsPort } from './collector.ts';
import { nginxPorts } from './nginx.ts';

/** Pods by namespace and labels. The labels must be among those that their Service selects by. */
export type Pods = { namespace: NamespaceName; labels: Record<string, string> };

/** A TCP port, or an inclusive range of them. */
type Port = number | readonly [from: number, to: number];

/** Allows connections from each of `from` to each of `to`, on TCP `ports` and UDP ports `udp`. */
export type Flow = {
  from: readonly (PodsName | PeerName)[];
  to: readonly (PodsName | PeerName)[];
  ports: readonly Port[];
  udp?: readonly number[];
};

const named = (namespace: NamespaceName, name: string): Pods => ({
  namespace,
  labels: { 'app.kubernetes.io/name': name },
});
const app = (namespace: NamespaceName, name: string): Pods => ({ namespace, labels: { app: name } });

/**
 * All pods with network traffic; those of charts by the labels of the chart. Network policies do not apply to pods on the
 * host network (kube-proxy, the CNI, the Pod Identity agent, the node exporter), so these are missing.
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

/** Peers that are not pods. Their addresses are in network-policy.ts. */
export type PeerName =
  | 'internet'
  | 'aws'
  | 'vpc'
  | 'controlPlane'
  | 'loadBalancer'
  | 'originLoadBalancer'
  | 'kubernetesApi'
  | 'podIdentityAgent';

const allPods = Object.keys(pods) as PodsName[];
const withRole = [
  'api',
  'worker',
  'migration',
  'cloudwatchExporter',
  'fluentBit',
  'traceCollector',
  'externalSecrets',
  'policyController',
  'loadBalancerController',
  'clusterAutoscaler',
  'volumeController',
] as const;
const databasePort = 5432;
export const cachePort = 6379;

/** To ClamAV's daemon, where a stage has one: it is not part of the program, and has an address in the VPC. */
export const scannerFlow = (port: number): Flow => ({ from: ['api', 'worker'], to: ['vpc'], ports: [port] });

/** All flows that every stage allows. Network policies deny everything else, in both directions and in every namespace. */
export const flows: readonly Flow[] = [
  // Requests of consumers and browsers.
  { from: ['loadBalancer'], to: ['nginx'], ports: [nginxPorts.consumers] },
  { from: ['originLoadBalancer'], to: ['nginx'], ports: [nginxPorts.browsers] },
  { from: ['nginx'], to: ['api'], ports: [apiPort, metricsPort] },
  { from: ['api', 'worker', 'migration'], to: ['vpc'], ports: [databasePort] },
  { from: ['api'], to: ['vpc'], ports: [cachePort] },
  // S3, which has public addresses, and token issuers: their keys, and the sign-in.
  { from: ['api'], to: ['internet'], ports: [443] },
  // Evidence and webhooks: the ports that `checkUrl` in core allows.
  { from: ['worker'], to: ['internet'], ports: [443, [1024, 65_535]] },
  { from: ['api', 'worker'], to: ['traceCollector'], ports: [otlpPort] },

  // DNS, AWS services and the Kubernetes API.
  { from: allPods, to: ['dns'], ports: [53], udp: [53] },
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

  // Calls from the Kubernetes API server: webhooks and aggregated APIs.
  { from: ['controlPlane'], to: ['gatekeeper', 'policyController'], ports: [8443] },
  { from: ['controlPlane'], to: ['loadBalancerController', 'kedaWebhook'], ports: [9443] },
  { from: ['controlPlane'], to: ['externalSecretsWebhook', 'prometheusOperator'], ports: [10_250] },
  { from: ['controlPlane'], to: ['kedaMetrics'], ports: [6443] },
  { from: ['controlPlane'], to: ['metricsServer'], ports: [10_251] },
  { from: ['metricsServer'], to: ['vpc'], ports: [10_250] },
  { from: ['gatekeeperJobs'], to: ['gatekeeper'], ports: [8443] },

  // Autoscaling: KEDA's metrics server queries its operator, which queries Prometheus and the backlog of jobs.
  { from: ['kedaMetrics'], to: ['keda'], ports: [9666] },
  { from: ['keda'], to: ['prometheus'], ports: [9090] },
  { from: ['keda'], to: ['api'], ports: [backlogPort] },

  // Scraping by Prometheus: pods, and kubelet and node exporter on the nodes.
  { from: ['prometheus'], to: ['api', 'worker'], ports: [metricsPort, ownMetricsPort] },
  { from: ['prometheus'], to: ['nginx'], ports: [nginxPorts.monitoring] },
  { from: ['prometheus'], to: ['prometheus'], ports: [8080, 9090] },
  { from: ['prometheus'], to: ['alertmanager'], ports: [8080, 9093] },
  { from: ['prometheus'], to: ['grafana'], ports: [3000] },
  { from: ['prometheus'], to: ['cloudwatchExporter'], ports: [5000] },
  { from: ['prometheus'], to: ['prometheusOperator'], ports: [10_250] },
  { from: ['prometheus'], to: ['fluentBit'], ports: [2020] },
  { from: ['prometheus'], to: ['traceCollector'], ports: [ownMetricsPort] },
  { from: ['prometheus'], to: ['gatekeeper', 'gatekeeperAudit'], ports: [8888] },
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

  // Logs to OpenSearch, which has addresses in the VPC.
  { from: ['fluentBit'], to: ['vpc'], ports: [443] },

  // Dashboards and alerts.
  { from: ['grafana'], to: ['prometheus'], ports: [9090] },
  { from: ['grafana', 'alertmanager'], to: ['alertmanager'], ports: [9093] },
  { from: ['alertmanager'], to: ['alertmanager'], ports: [9094], udp: [9094] },
  { from: ['alertmanager'], to: ['internet'], ports: [443] },
];
