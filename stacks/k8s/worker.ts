import { workerStop } from '../../packages/core/src/runtime/settings.ts';
import type { Stage } from '../stage.ts';
import { type Facts, workerEnvironment, workerHealthPort } from './environment.ts';
import { httpProbe } from './pod.ts';
import { type ProgramImages, programObjects, workloadOf } from './program.ts';
import { workerScaling } from './scaling.ts';

const workload = workloadOf('worker');

type Given = Facts & ProgramImages & { deadLetterQueueUrl: string };

/** All Kubernetes objects of the worker. It has no Service because nothing connects to it. */
export function workerObjects(stage: Stage, given: Given) {
  const { deadLetterQueueUrl, image, collectorImage, ...facts } = given;
  return {
    ...programObjects({
      image,
      collectorImage,
      component: 'worker',
      environment: workerEnvironment(stage, facts, deadLetterQueueUrl),
      graceSeconds: workerStop.grace,
      scratchSize: '2Gi',
      container,
    }),
    scaling: workerScaling({ ...workload, ...stage.replicas.worker }),
  };
}

const container = {
  ports: [{ name: 'health', containerPort: workerHealthPort }],
  startupProbe: httpProbe('/healthz', 'health', { periodSeconds: 2, failureThreshold: 30 }),
  // Drawing a PDF can use all of the processor for a while, although it runs in a thread of its own.
  livenessProbe: httpProbe('/healthz', 'health', {
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
  }),
  readinessProbe: httpProbe('/readyz', 'health', {
    periodSeconds: 10,
    timeoutSeconds: 3,
    failureThreshold: 2,
  }),
  resources: { cpu: '1', cpuLimit: '2', memory: '1536Mi' },
};
