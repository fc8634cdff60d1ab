import type { IExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret';
import type { IClusterSecretStore } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ClusterSecretStore';
import { labelsOf } from './labels.ts';
import { nginxCertificate } from './nginx.ts';

/** Secrets by their names in Secrets Manager, and the certificate of the authority that issues those among them. */
export type SecretFacts = {
  region: string;
  names: { nginx: string; monitoring: string; alerting: string };
  authorities: string;
};

const certificate = {
  type: 'kubernetes.io/tls',
  keys: { 'tls.crt': 'certificate', 'tls.key': 'key' },
} as const;

/** All Secrets of the cluster that come from Secrets Manager, and where they come from. */
export const secretObjects = ({ region, names, authorities }: SecretFacts) => ({
  store: secretStore(region, ['portfolio', 'monitoring']),
  nginx: externalSecret({
    ...certificate,
    name: nginxCertificate,
    namespace: 'portfolio',
    source: names.nginx,
  }),
  /** With which Prometheus shows who it is, and by which it knows NGINX. */
  monitoring: externalSecret({
    ...certificate,
    name: 'portfolio-monitoring-tls',
    namespace: 'monitoring',
    source: names.monitoring,
    given: { 'ca.crt': authorities },
  }),
  /** Read by Alertmanager as files. */
  alerting: externalSecret({
    name: 'alertmanager-receivers',
    namespace: 'monitoring',
    type: 'Opaque',
    source: names.alerting,
    keys: { 'slack-url': 'slackUrl', 'pagerduty-key': 'pagerDutyKey' },
  }),
});

const storeName = 'secrets-manager';

/** Secrets Manager, as the role of External Secrets' own pods reads it, for these namespaces alone. */
const secretStore = (region: string, namespaces: string[]) =>
  ({
    apiVersion: 'external-secrets.io/v1',
    kind: 'ClusterSecretStore',
    metadata: { name: storeName, labels: labelsOf(storeName, 'secrets') },
    spec: {
      provider: { aws: { service: 'SecretsManager', region } },
      conditions: [{ namespaces }],
    },
  }) satisfies IClusterSecretStore;

type Synced = {
  name: string;
  namespace: string;
  type: 'Opaque' | 'kubernetes.io/tls';
  /** The secret in Secrets Manager, and which members of its JSON become which keys. */
  source: string;
  keys: Record<string, string>;
  /** What is no secret, beside them. */
  given?: Record<string, string>;
};

/** A Secret that follows one in Secrets Manager: a new value is there within minutes. */
const externalSecret = ({ name, namespace, type, source, keys, given = {} }: Synced) =>
  ({
    apiVersion: 'external-secrets.io/v1',
    kind: 'ExternalSecret',
    metadata: { name, namespace, labels: labelsOf(name, 'secrets') },
    spec: {
      refreshInterval: '5m',
      secretStoreRef: { kind: 'ClusterSecretStore', name: storeName },
      target: {
        name,
        creationPolicy: 'Owner',
        // Pods go on with what they have where a secret is deleted by mistake.
        deletionPolicy: 'Retain',
        template: {
          type,
          mergePolicy: 'Merge',
          metadata: { labels: labelsOf(name, 'secrets') },
          data: given,
        },
      },
      data: Object.entries(keys).map(([secretKey, property]) => ({
        secretKey,
        remoteRef: { key: source, property },
      })),
    },
  }) satisfies IExternalSecret;
