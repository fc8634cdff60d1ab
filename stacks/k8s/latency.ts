import type { IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1/PrometheusRule';
import { labelsOf } from './labels.ts';

/** The name of the recorded p95 latency of the API, and its objective. */
export const apiLatencyP95 = {
  record: 'portfolio:api_request_duration_seconds:p95_5m',
  objectiveSeconds: 0.4,
} as const;

const name = 'portfolio-api-latency';

/** Records the latency from OpenTelemetry's histogram `http.server.request.duration`. */
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
            expr: 'histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{job="portfolio-api"}[5m])))',
          },
        ],
      },
    ],
  },
} satisfies IPrometheusRule;
