import type { IExternalSecret } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ExternalSecret';
import type { IClusterSecretStore } from '@kubernetes-models/external-secrets/external-secrets.io/v1/ClusterSecretStore';
import { labelsOf } from './labels.ts';
import { nginxCertificate } from './nginx.ts';

/** The names of secrets in Secrets Manager, and the certificate authority of their certificates, as PEM. */
export type SecretFacts = {
  region: string;
  names: { nginx: string; monitoring: string; alerting: string };
  authorities: string;
};

const certificate = {
  type: 'kubernetes.io/tls',
  keys: { 'tls.crt': 'certificate', 'tls.key': 'key' },
} as const;

/** The Secrets that are synced from Secrets Manager, and the store they are read from. */
export const secretObjects = ({ region, names, authorities }: SecretFacts) => ({
  store: secretStore(region, ['portfolio', 'monitoring']),
  nginx: externalSecret({
    ...certificate,
    name: nginxCertificate,
    namespace: 'portfolio',
    source: names.nginx,
  }),
  /** The client certificate of Prometheus, and the authority by which it verifies NGINX. */
  monitoring: externalSecret({
    ...certificate,
    name: 'portfolio-monitoring-tls',
    namespace: 'monitoring',
    source: names.monitoring,
    given: { 'ca.crt': authorities },
  }),
  /** Alertmanager reads these as files. */
  alerting: externalSecret({
    name: 'alertmanager-receivers',
    namespace: 'monitoring',
    type: 'Opaque',
    source: names.alerting,
    keys: { 'slack-url': 'slackUrl', 'pagerduty-key': 'pagerDutyKey' },
  }),
});

const storeName = 'secrets-manager';

/** Secrets Manager, read with the role of External Secrets' pods. Only `namespaces` may use the store. */
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
  /** The name of the secret in Secrets Manager, and its JSON property for each key of the Secret. */
  source: string;
  keys: Record<string, string>;
  /** Additional public data. */
  given?: Record<string, string>;
};

/** An ExternalSecret. A new value in Secrets Manager is synced within five minutes. */
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
        // Keeps the Secret for pods if its source is deleted by mistake.
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
