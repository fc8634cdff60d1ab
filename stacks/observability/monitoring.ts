import type { Cluster } from '../cluster/index.ts';
import { bindRole } from '../security/pod-roles.ts';
import { latencyRule } from '../k8s/latency.ts';
import { createObject } from '../cluster/objects.ts';
import type { Stage } from '../stage.ts';

/**
 * Prometheus with its operator, Alertmanager and Grafana, and an exporter for CloudWatch metrics. The only rule is the one
 * that autoscaling needs; there are no alerts or dashboards yet. Returns the release of Prometheus.
 */
export function createMonitoring(
  stage: Stage,
  { cluster, provider, namespaces, storageClass }: Cluster,
): $util.Resource {
  const prometheus = new kubernetes.helm.v3.Release(
    'kube-prometheus-stack',
    {
      name: 'kube-prometheus-stack',
      chart: 'kube-prometheus-stack',
      version: '79.5.0',
      namespace: 'monitoring',
      repositoryOpts: { repo: 'https://prometheus-community.github.io/helm-charts' },
      values: {
        prometheus: {
          prometheusSpec: {
            replicas: 2,
            retention: '15d',
            // Selects monitors and rules of all namespaces, and not only those of this chart.
            serviceMonitorSelectorNilUsesHelmValues: false,
            podMonitorSelectorNilUsesHelmValues: false,
            ruleSelectorNilUsesHelmValues: false,
            storageSpec: volume(stage.isProtected ? '100Gi' : '20Gi'),
            podAntiAffinity: 'hard',
          },
        },
        alertmanager: { alertmanagerSpec: { replicas: 3, storage: volume('2Gi') } },
        grafana: { 'grafana.ini': { analytics: { check_for_updates: false, reporting_enabled: false } } },
      },
    },
    { provider, dependsOn: [...namespaces, storageClass] },
  );
  // The chart installs the CRD of the rule.
  createObject('ApiLatency', latencyRule, { provider, dependsOn: [prometheus] });
  createCloudWatchExporter({ cluster, provider }, prometheus);
  return prometheus;
}

/** A persistent volume claim for an encrypted volume. */
const volume = (storage: string) => ({
  volumeClaimTemplate: {
    spec: { storageClassName: 'gp3', accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
  },
});

const metric = (name: string, statistics: string[]) => ({ name, statistics, period: 60, length: 300 });

/** Exports CloudWatch metrics of the queues, the database and the load balancers to Prometheus. */
function createCloudWatchExporter(
  { cluster, provider }: Pick<Cluster, 'cluster' | 'provider'>,
  prometheus: $util.Resource,
) {
  const role = bindRole({ cluster }, 'cloudwatch-exporter');
  const { region } = aws.getRegionOutput();
  const job = (type: string, metrics: ReturnType<typeof metric>[]) => ({
    type,
    regions: [region],
    searchTags: [{ key: 'sst:stage', value: `^${$app.stage}$` }],
    metrics,
  });
  const config = {
    apiVersion: 'v1alpha1',
    discovery: {
      jobs: [
        job('AWS/SQS', [
          // Wake-ups, and dead letters: workers take these out within seconds, so that few are ever seen waiting.
          metric('ApproximateNumberOfMessagesVisible', ['Maximum']),
          metric('NumberOfMessagesReceived', ['Sum']),
        ]),
        job('AWS/RDS', [
          metric('CPUUtilization', ['Average']),
          metric('DatabaseConnections', ['Maximum']),
          metric('AuroraReplicaLag', ['Maximum']),
        ]),
        job('AWS/ApplicationELB', [
          metric('HTTPCode_ELB_5XX_Count', ['Sum']),
          metric('TargetResponseTime', ['p95']),
        ]),
      ],
    },
  };
  new kubernetes.helm.v3.Release(
    'cloudwatch-exporter',
    {
      name: 'cloudwatch-exporter',
      chart: 'prometheus-yet-another-cloudwatch-exporter',
      version: '0.42.0',
      namespace: 'monitoring',
      repositoryOpts: { repo: 'https://prometheus-community.github.io/helm-charts' },
      values: {
        nameOverride: 'cloudwatch-exporter',
        fullnameOverride: 'cloudwatch-exporter',
        serviceAccount: { name: 'cloudwatch-exporter' },
        serviceMonitor: { enabled: true },
        config: $jsonStringify(config),
      },
    },
    { provider, dependsOn: [role, prometheus] },
  );
}
