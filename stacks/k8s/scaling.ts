import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { backlogPort } from './environment.ts';
import { labelsOf } from './labels.ts';
import { apiLatencyP95 } from './latency.ts';
import { workloadOf } from './program.ts';

/** The Service that the Prometheus operator creates. */
const prometheus = 'http://prometheus-operated.monitoring.svc.cluster.local:9090';

const api = workloadOf('api');
/** Where KEDA reads how many workers the backlog of jobs needs. */
const backlogUrl = `http://${api.name}.${api.namespace}.svc.cluster.local:${backlogPort}/backlog`;

type Target = { name: string; namespace: string; component: string };
type Range = { min: number; max: number };

/** Scales the API for a CPU utilization of 60 % of the requests, and a p95 latency below 0.4 s. */
export const apiScaling = ({ min, max, ...target }: Target & Range) =>
  scaledObject(target, {
    min,
    max,
    triggers: [
      { type: 'cpu', metricType: 'Utilization', metadata: { value: '60', containerName: 'api' } },
      prometheusTrigger({ query: apiLatencyP95.record, threshold: apiLatencyP95.objectiveSeconds }),
    ],
  });

/**
 * Scales the workers to as many as the backlog in Postgres needs, which the API computes (`core/src/job/backlog.ts`).
 * KEDA's own scaler of Postgres cannot sign in with IAM tokens (kedacore/keda#7096), and wake-ups in SQS are not the backlog.
 */
export const workerScaling = ({ min, max, ...target }: Target & Range) =>
  scaledObject(target, {
    min,
    max,
    triggers: [
      {
        type: 'metrics-api',
        // The HPA divides the value by the target: that is the number of pods.
        metricType: 'AverageValue',
        metadata: { url: backlogUrl, format: 'json', valueLocation: 'workers', targetValue: '1' },
      },
    ],
  });

/** `Value` compares the value as it is. The default divides it by the number of pods, wrong for a latency or an age. */
const prometheusTrigger = ({ query, threshold }: { query: string; threshold: number }) => ({
  type: 'prometheus',
  metricType: 'Value',
  metadata: { serverAddress: prometheus, query, threshold: String(threshold) },
});

type Scaling = Range & { triggers: IScaledObject['spec']['triggers'] };

function scaledObject({ name, namespace, component }: Target, { min, max, triggers }: Scaling) {
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name, namespace, labels: labelsOf(name, component) },
    spec: {
      scaleTargetRef: { name },
      minReplicaCount: min,
      maxReplicaCount: max,
      pollingInterval: 15,
      // Keeps the current pods while Prometheus or the API are unavailable, instead of scaling down to `replicas`.
      fallback: { failureThreshold: 3, replicas: min, behavior: 'currentReplicasIfHigher' },
      triggers,
      advanced: {
        horizontalPodAutoscalerConfig: {
          behavior: {
            scaleUp: {
              stabilizationWindowSeconds: 0,
              policies: [{ type: 'Percent', value: 100, periodSeconds: 30 }],
            },
            scaleDown: {
              stabilizationWindowSeconds: 300,
              policies: [{ type: 'Percent', value: 25, periodSeconds: 60 }],
            },
          },
        },
      },
    },
  } satisfies IScaledObject;
}
