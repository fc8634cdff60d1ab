import boundary from './iam/boundary.json' with { type: 'json' };
import cloudwatchExporter from './iam/cloudwatch-exporter.json' with { type: 'json' };
import clusterAutoscaler from './iam/cluster-autoscaler.json' with { type: 'json' };
import deployer from './iam/deployer.json' with { type: 'json' };
import externalSecrets from './iam/external-secrets.json' with { type: 'json' };
import fluentBit from './iam/fluent-bit.json' with { type: 'json' };
import loadBalancerController from './iam/load-balancer-controller.json' with { type: 'json' };
import otelCollector from './iam/otel-collector.json' with { type: 'json' };
import policyController from './iam/policy-controller.json' with { type: 'json' };
import portfolioApi from './iam/portfolio-api.json' with { type: 'json' };
import portfolioApiCache from './iam/portfolio-api-cache.json' with { type: 'json' };
import portfolioMigrator from './iam/portfolio-migrator.json' with { type: 'json' };
import portfolioWorker from './iam/portfolio-worker.json' with { type: 'json' };

/** The policies of service accounts, by account. */
const accounts = {
  'portfolio-api': portfolioApi,
  'portfolio-worker': portfolioWorker,
  'portfolio-migrator': portfolioMigrator,
  'external-secrets': externalSecrets,
  'cloudwatch-exporter': cloudwatchExporter,
  'fluent-bit': fluentBit,
  'otel-collector': otelCollector,
  'policy-controller': policyController,
  'cluster-autoscaler': clusterAutoscaler,
  'aws-load-balancer-controller': loadBalancerController,
};

/** All policies: also those of optional parts and of the deployer, and the permissions boundary. */
const policies = { ...accounts, 'portfolio-api-cache': portfolioApiCache, deployer, boundary };

export type AccountName = keyof typeof accounts;
export type PolicyName = keyof typeof policies;

/** Placeholders such as `${FilesArn}`. IAM's own variables have a colon in their names, and so do not match. */
const placeholder = /\$\{(\w+)\}/g;

/**
 * The policy as JSON, with its placeholders filled. A list fills a placeholder that is an entry of its own, such as one of
 * several resources. Throws if a placeholder has no value, or a value no placeholder.
 */
export function fillPolicy(
  name: PolicyName,
  values: Readonly<Record<string, string | readonly string[]>>,
): string {
  const text = JSON.stringify(policies[name]);
  const known = new Set([...text.matchAll(placeholder)].map(([, key]) => key));
  const surplus = Object.keys(values).filter((key) => !known.has(key));
  if (surplus.length > 0) throw new Error(`The policy ${name} has no placeholder ${surplus.join(', ')}.`);
  return text.replaceAll(placeholder, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new Error(`The policy ${name} has no value for ${key}.`);
    return [value].flat().join('","');
  });
}
