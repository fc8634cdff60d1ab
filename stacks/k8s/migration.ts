import type { IJob } from 'kubernetes-models/batch/v1/Job';
import { createHash } from 'node:crypto';
import { configMap } from './config-map.ts';
import { type DatabaseFacts, type MigrationFacts, migrationEnvironment } from './environment.ts';
import { labelsOf } from './labels.ts';
import { podTemplate, scratch } from './pod.ts';
import { serviceAccount } from './service-account.ts';

const name = 'portfolio-migrator';
const namespace = 'portfolio';
const component = 'migration';

/** The time limit for migrations, including all retries. */
export const migrationSeconds = 900;

type Given = DatabaseFacts & MigrationFacts & { image: string };

/**
 * The Job that migrates the database before a new version is rolled out. A Job is immutable, so its name ends with a hash
 * of its spec: each version gets a new Job, and an unchanged version does not run it again.
 */
export function migrationObjects({ image, ...facts }: Given) {
  const data = migrationEnvironment(facts);
  const config = configMap({ name, namespace, component, data });
  const template = podTemplate({
    name,
    component,
    nodes: 'system',
    volumes: [scratch('tmp', '64Mi')],
    containers: [
      {
        name: 'migrate',
        image,
        args: ['migrate.js'],
        envFrom: [{ configMapRef: { name: config.metadata.name } }],
        resources: { cpu: '100m', cpuLimit: '1', memory: '256Mi' },
        volumeMounts: [{ name: 'tmp', mountPath: '/tmp' }],
      },
    ],
  });
  const spec = {
    backoffLimit: 3,
    activeDeadlineSeconds: migrationSeconds,
    template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' as const } },
  };
  const hash = createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 10);
  const job = {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: labelsOf(name, component),
      // Makes the next deployment replace a failed Job instead of waiting for it.
      annotations: { 'pulumi.com/replaceUnready': 'true' },
    },
    spec,
  } satisfies IJob;
  return { serviceAccount: serviceAccount(name, namespace, component), config, job };
}
