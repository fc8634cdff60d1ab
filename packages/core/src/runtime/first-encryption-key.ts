import {
  DescribeSecretCommand,
  PutSecretValueCommand,
  ResourceExistsException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { randomBytes } from 'node:crypto';
import { type AwsSettings, clientOptions, promptMilliseconds } from './aws.ts';
import type { Logger } from './log.ts';

/** The id of the first version, always the same: Secrets Manager refuses a second version of this id with other content. */
const firstVersion = 'portfolio-first-encryption-key-0001';

/**
 * Puts a random key into a secret that has no value yet, in the form of ENCRYPTION_KEYS. One that has a value stays as it is.
 * So nobody has to make the key, and nothing but Secrets Manager stores it. Rejects if the secret cannot be read or written.
 */
export async function createFirstEncryptionKey(id: string, aws: AwsSettings, log: Pick<Logger, 'info'>) {
  const client = new SecretsManagerClient(clientOptions(aws, { requestTimeout: promptMilliseconds }));
  try {
    const { VersionIdsToStages: versions } = await client.send(new DescribeSecretCommand({ SecretId: id }));
    if (versions && Object.keys(versions).length > 0) return;
    const keys = { current: 'k1', keys: { k1: randomBytes(32).toString('base64') } };
    const SecretString = JSON.stringify(keys);
    const first = { SecretId: id, ClientRequestToken: firstVersion, SecretString };
    await client.send(new PutSecretValueCommand(first));
    log.info({ secret: id }, 'the first encryption key was made');
  } catch (cause) {
    // Another process was faster.
    if (!(cause instanceof ResourceExistsException)) throw cause;
  } finally {
    client.destroy();
  }
}
