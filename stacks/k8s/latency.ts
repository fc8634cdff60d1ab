import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { http } from '../../packages/core/src/telemetry/contract.ts';
import { labelName, prometheusName } from '../../packages/core/src/telemetry/prometheus-name.ts';
import { labelsOf } from './labels.ts';

/** The name of the recorded p95 latency of the API, and its objective. */
export const apiLatencyP95 = {
  record: 'portfolio:api_request_duration_seconds:p95_5m',
  objectiveSeconds: 0.4,
} as const;

const name = 'portfolio-api-latency';

const buckets = `${prometheusName(http.requests)}_bucket`;
const route = labelName('http.route');
/** Health checks are many and fast: they would hide what clients wait for. */
const ofClients = `{job="portfolio-api",${route}!~"/healthz|/readyz"}`;

/**
 * Records the latency of requests. Streams are not among them. Without requests, and without series, there is no sample: the
 * autoscaler takes that for 0.
 */
export const latencyRule = {
  apiVersion: 'monitoring.coreos.com/v1',
  kind: 'PrometheusRule',
  metadata: { name, namespace: 'monitoring', labels: labelsOf(name, 'monitoring') },
  spec: {
    groups: [
      {
        name,
        interval: '15s',
        rules: [
          {
            record: apiLatencyP95.record,
            expr: `histogram_quantile(0.95, sum by (le) (rate(${buckets}${ofClients}[5m]))) >= 0`,
          },
        ],
      },
    ],
  },
} satisfies IPrometheusRule;
