import type { IService } from 'kubernetes-models/v1/Service';
import { apiStop } from '../../packages/core/src/runtime/settings.ts';
import type { Stage } from '../stage.ts';
import { metricsPort } from './collector.ts';
import { type ApiFacts, apiEnvironment, apiPort, backlogPort } from './environment.ts';
import { labelsOf, selectorOf } from './labels.ts';
import { httpProbe } from './pod.ts';
import { type ProgramImages, programObjects, workloadOf } from './program.ts';
import { apiScaling } from './scaling.ts';

const workload = workloadOf('api');
const { name, namespace, component } = workload;

type Given = ApiFacts & ProgramImages;

/** All Kubernetes objects of the API. */
export function apiObjects(stage: Stage, { image, collectorImage, ...facts }: Given) {
  return {
    ...programObjects({
      image,
      collectorImage,
      component: 'api',
      environment: apiEnvironment(stage, facts),
      graceSeconds: apiStop.grace,
      scratchSize: '256Mi',
      container,
    }),
    service,
    scaling: apiScaling({ ...workload, ...stage.replicas.api }),
  };
}

const container = {
  ports: [
    { name: 'http', containerPort: apiPort },
    { name: 'backlog', containerPort: backlogPort },
  ],
  startupProbe: httpProbe('/healthz', 'http', { periodSeconds: 2, failureThreshold: 30 }),
  livenessProbe: httpProbe('/healthz', 'http', {
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 3,
  }),
  // Checks the dependencies, whose own checks time out after two seconds.
  readinessProbe: httpProbe('/readyz', 'http', {
    periodSeconds: 5,
    timeoutSeconds: 3,
    failureThreshold: 2,
  }),
  // Load balancers keep sending requests until they learn that the pod stops; the program itself waits as well.
  lifecycle: { preStop: { sleep: { seconds: apiStop.preStop } } },
  resources: { cpu: '500m', cpuLimit: '2', memory: '768Mi' },
};

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: labelsOf(name, component) },
  spec: {
    selector: selectorOf(name),
    ports: [
      { name: 'http', port: apiPort, targetPort: 'http' },
      // Network policies allow it to the autoscaler only.
      { name: 'backlog', port: backlogPort, targetPort: 'backlog' },
      // By number: the CNI resolves the names of a Service's target ports among the main containers only.
      { name: 'metrics', port: metricsPort, targetPort: metricsPort },
    ],
  },
} satisfies IService;
