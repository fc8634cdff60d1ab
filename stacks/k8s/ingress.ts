import type { IIngress } from 'kubernetes-models/networking.k8s.io/v1/Ingress';
import { labelsOf } from './labels.ts';
import { loadBalancerIdleSeconds } from './nginx-config.ts';

const nginx = 'portfolio-nginx';

/** A load balancer for one group of clients. */
export type LoadBalancer = {
  name: 'consumers' | 'browsers';
  host: string;
  paths: { path: string; pathType: 'Prefix' | 'Exact' }[];
  /** Annotations of this load balancer only, without their prefix. */
  annotations: Record<string, string>;
  certificateArn: string;
  logsBucket: string;
  tags: Record<string, string>;
  isProtected: boolean;
  /** The issuer of tokens, if there is only one. */
  tokens: { issuer: string; jwksEndpoint: string } | null;
};

/**
 * The Ingresses of a load balancer: one for requests with a JWT, which the load balancer verifies (RS256 only) if all are of
 * one issuer, and one for all other requests, with an API key, a cookie or anonymous. The API verifies all credentials.
 */
export const ingresses = (given: LoadBalancer) => ({
  withToken:
    given.tokens &&
    ingress(given, `portfolio-${given.name}-token`, {
      'group.order': '1',
      [`conditions.${nginx}`]: JSON.stringify([
        {
          field: 'http-header',
          httpHeaderConfig: { httpHeaderName: 'Authorization', values: ['Bearer eyJ*'] },
        },
      ]),
      'jwt-validation': JSON.stringify(given.tokens),
    }),
  others: ingress(given, `portfolio-${given.name}`, { 'group.order': '2', ...given.annotations }),
});

function ingress(given: LoadBalancer, name: string, own: Record<string, string>) {
  const backend = { service: { name: nginx, port: { name: given.name } } };
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: {
      name,
      namespace: 'portfolio',
      labels: labelsOf(name, 'ingress'),
      annotations: prefixed({ ...shared(given), ...own }),
    },
    spec: {
      ingressClassName: 'alb',
      rules: [{ host: given.host, http: { paths: given.paths.map((path) => ({ ...path, backend })) } }],
    },
  } satisfies IIngress;
}

const prefixed = (annotations: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(annotations).map(([name, value]) => [`alb.ingress.kubernetes.io/${name}`, value]),
  );

const list = (values: Record<string, string | number | boolean>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(',');

/** Annotations that must be the same in all Ingresses of a group. */
const shared = ({ name, certificateArn, logsBucket, tags, isProtected }: LoadBalancer) => ({
  'group.name': `portfolio-${name}`,
  'listen-ports': JSON.stringify([{ HTTPS: 443 }]),
  'certificate-arn': certificateArn,
  'ssl-policy': 'ELBSecurityPolicy-TLS13-1-2-Res-2021-06',
  'load-balancer-attributes': list({
    'idle_timeout.timeout_seconds': loadBalancerIdleSeconds,
    'routing.http.drop_invalid_header_fields.enabled': true,
    'routing.http.xff_header_processing.mode': 'append',
    'zonal_shift.config.enabled': true,
    'deletion_protection.enabled': isProtected,
    'access_logs.s3.enabled': true,
    'access_logs.s3.bucket': logsBucket,
    'access_logs.s3.prefix': name,
    'connection_logs.s3.enabled': true,
    'connection_logs.s3.bucket': logsBucket,
    'connection_logs.s3.prefix': `${name}-connections`,
  }),
  tags: list(tags),
  'target-type': 'ip',
  'backend-protocol': 'HTTPS',
  'healthcheck-protocol': 'HTTPS',
  'healthcheck-path': '/healthz',
  'healthcheck-interval-seconds': '5',
  'healthcheck-timeout-seconds': '3',
  'target-group-attributes': list({
    'deregistration_delay.timeout_seconds': 30,
    'load_balancing.algorithm.type': 'least_outstanding_requests',
  }),
});
