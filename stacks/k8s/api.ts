import type { IService } from 'kubernetes-models/v1/Service';
import { apiStop } from '../../packages/core/src/runtime/settings.ts';
import type { Stage } from '../stage.ts';
import { collector, collectorConfig, metricsPort } from './collector.ts';
import { configMap } from './config-map.ts';
import { deployment } from './deployment.ts';
import { disruptionBudget } from './disruption-budget.ts';
import { type CacheFacts, type Facts, apiEnvironment, apiPort } from './environment.ts';
import { labelsOf, selectorOf } from './labels.ts';
import { podMonitor } from './pod-monitor.ts';
import { httpProbe, scratch } from './pod.ts';
import { apiScaling } from './scaling.ts';
import { serviceAccount } from './service-account.ts';

const name = 'portfolio-api';
const namespace = 'portfolio';
const component = 'api';

type Given = Facts & { cache: CacheFacts | null; image: string; collectorImage: string };

/** Everything in the cluster that the API is. */
export function apiObjects(stage: Stage, { image, collectorImage, cache, ...facts }: Given) {
  const publicOrigin = `https://${stage.domain}`;
  const data = apiEnvironment(facts, { publicOrigin, tokenIssuer: stage.tokenIssuer, cache });
  const config = configMap({ name, namespace, component, data });
  const sidecarConfig = collectorConfig(name, namespace, component);
  return {
    serviceAccount: serviceAccount(name, namespace, component),
    config,
    sidecarConfig,
    disruptionBudget: disruptionBudget(name, namespace, component),
    monitor: podMonitor(name, namespace, component),
    service,
    deployment: createDeployment({
      image,
      collectorImage,
      config: config.metadata.name,
      sidecarConfig: sidecarConfig.metadata.name,
    }),
    scaling: apiScaling({ name, namespace, component, ...stage.replicas.api }),
  };
}

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace, labels: labelsOf(name, component) },
  spec: {
    selector: selectorOf(name),
    ports: [
      { name: 'http', port: apiPort, targetPort: 'http' },
      // By number: the CNI, which opens the way to a Service, looks for names among the main containers alone.
      { name: 'metrics', port: metricsPort, targetPort: metricsPort },
    ],
  },
} satisfies IService;

type Parts = { image: string; collectorImage: string; config: string; sidecarConfig: string };

function createDeployment({ image, collectorImage, config, sidecarConfig }: Parts) {
  const { sidecar, volume } = collector(collectorImage, sidecarConfig);
  return deployment({
    name,
    namespace,
    component,
    nodes: 'api',
    graceSeconds: apiStop.grace,
    sidecars: [sidecar],
    volumes: [volume, scratch('tmp', '256Mi')],
    containers: [
      {
        name: 'api',
        image,
        envFrom: [{ configMapRef: { name: config } }],
        ports: [{ name: 'http', containerPort: apiPort }],
        startupProbe: httpProbe('/healthz', 'http', { periodSeconds: 2, failureThreshold: 30 }),
        livenessProbe: httpProbe('/healthz', 'http', {
          periodSeconds: 10,
          timeoutSeconds: 5,
          failureThreshold: 3,
        }),
        // It asks what it depends on, which may take two seconds to be found away.
        readinessProbe: httpProbe('/readyz', 'http', {
          periodSeconds: 5,
          timeoutSeconds: 3,
          failureThreshold: 2,
        }),
        // Still served while load balancers learn that the pod leaves; the program lingers after that, too.
        lifecycle: { preStop: { sleep: { seconds: apiStop.preStop } } },
        resources: { cpu: '500m', cpuLimit: '2', memory: '768Mi' },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
  });
}
