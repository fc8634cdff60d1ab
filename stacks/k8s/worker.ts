import { workerStop } from '../../packages/core/src/runtime/settings.ts';
import type { Stage } from '../stage.ts';
import { collector, collectorConfig } from './collector.ts';
import { configMap } from './config-map.ts';
import { deployment } from './deployment.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { type Facts, workerEnvironment, workerHealthPort } from './environment.ts';
import { podMonitor } from './pod-monitor.ts';
import { httpProbe, scratch } from './pod.ts';
import { queueAuthentication, workerScaling } from './scaling.ts';
import { serviceAccount } from './service-account.ts';

const name = 'portfolio-worker';
const namespace = 'portfolio';
const component = 'worker';

type Given = Facts & { deadLetterQueueUrl: string; queueName: string; image: string; collectorImage: string };

/** Everything in the cluster that the worker is. It has no Service: nobody calls it. */
export function workerObjects(stage: Stage, given: Given) {
  const { deadLetterQueueUrl, queueName, image, collectorImage, ...facts } = given;
  const data = workerEnvironment(facts, deadLetterQueueUrl);
  const config = configMap({ name, namespace, component, data });
  const sidecarConfig = collectorConfig(name, namespace, component);
  const { queueUrl, region } = facts;
  return {
    serviceAccount: serviceAccount(name, namespace, component),
    config,
    sidecarConfig,
    disruptionBudget: disruptionBudget(name, namespace, component),
    monitor: podMonitor(name, namespace, component),
    deployment: createDeployment({
      image,
      collectorImage,
      config: config.metadata.name,
      sidecarConfig: sidecarConfig.metadata.name,
    }),
    queueAuthentication: queueAuthentication({ name, namespace, component }),
    scaling: workerScaling({
      name,
      namespace,
      component,
      ...stage.replicas.worker,
      queueUrl,
      queueName,
      region,
    }),
  };
}

type Parts = { image: string; collectorImage: string; config: string; sidecarConfig: string };

function createDeployment({ image, collectorImage, config, sidecarConfig }: Parts) {
  const { sidecar, volume } = collector(collectorImage, sidecarConfig);
  return deployment({
    name,
    namespace,
    component,
    nodes: 'worker',
    graceSeconds: workerStop.grace,
    sidecars: [sidecar],
    volumes: [volume, scratch('tmp', '2Gi')],
    containers: [
      {
        name: 'worker',
        image,
        envFrom: [{ configMapRef: { name: config } }],
        ports: [{ name: 'health', containerPort: workerHealthPort }],
        startupProbe: httpProbe('/healthz', 'health', { periodSeconds: 2, failureThreshold: 30 }),
        // PDFs are drawn in threads of their own, and still take the processor.
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
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
  });
}
