import type { IScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import type { ITriggerAuthentication } from '@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication';
import { workerConcurrency } from './environment.ts';
import { labelsOf } from './labels.ts';
import { apiLatencyP95 } from './latency.ts';

/** The Service that the Prometheus operator makes for every Prometheus. */
const prometheus = 'http://prometheus-operated.monitoring.svc.cluster.local:9090';

/** A message that waits longer shows that there are too few workers, however few messages there are. */
const maxAgeSeconds = 60;

type Target = { name: string; namespace: string; component: string };
type Range = { min: number; max: number };

/** More API pods when they use 60 % of the processor that they ask for, or when 5 % of answers take 0.4 s and more. */
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

/** More workers for more messages than they can have at a time, and when the oldest message waits for too long. */
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

/** KEDA asks the queue as itself: by the role of its own service account. */
export const queueAuthentication = ({ name, namespace, component }: Target) =>
  ({
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'TriggerAuthentication',
    metadata: { name, namespace, labels: labelsOf(name, component) },
    spec: { podIdentity: { provider: 'aws' } },
  }) satisfies ITriggerAuthentication;

/** Compared as it is, and not divided by the number of pods: neither a latency nor an age is shared by them. */
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
      // When Prometheus or SQS cannot be asked, pods that are needed stay; without `behavior` they would be cut down.
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
