import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import type { ITriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import { workerConcurrency } from './environment.ts';
import { labelsOf } from './labels.ts';
import { apiLatencyP95 } from './latency.ts';

/** The Service that the Prometheus operator creates. */
const prometheus = 'http://prometheus-operated.monitoring.svc.cluster.local:9090';

/** An older message means that there are too few workers, even if there are few messages. */
const maxAgeSeconds = 60;

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

type Queue = { queueUrl: string; queueName: string; region: string };

/** Scales the worker by the number of messages that one pod can process at a time, and by the age of the oldest one. */
export const workerScaling = ({ min, max, queueUrl, queueName, region, ...target }: Target & Range & Queue) =>
  scaledObject(target, {
    min,
    max,
    triggers: [
      {
        type: 'aws-sqs-queue',
        metricType: 'AverageValue',
        authenticationRef: { name: target.name },
        metadata: { queueURL: queueUrl, awsRegion: region, queueLength: String(workerConcurrency) },
      },
      prometheusTrigger({
        query: `max(aws_sqs_approximate_age_of_oldest_message_maximum{dimension_QueueName="${queueName}"})`,
        threshold: maxAgeSeconds,
      }),
    ],
  });

/** Makes KEDA read the queue with the role of its own service account. */
export const queueAuthentication = ({ name, namespace, component }: Target) =>
  ({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { name, namespace, labels: labelsOf(name, component) },
    spec: { podIdentity: { provider: 'aws' } },
  }) satisfies ITriggerAuthentication;

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
      // Keeps the current pods while Prometheus or SQS are unavailable, instead of scaling down to `replicas`.
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
