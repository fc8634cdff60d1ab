import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { type AwsSettings, clientOptions, promptMilliseconds } from './aws.ts';
import type { Logger } from './log.ts';
import type { Secret } from './settings.ts';

/** How long a value is cached: a rotation may have replaced it. */
const freshMilliseconds = 5 * 60_000;

/** A secret that may be rotated while the process runs. */
export type OpenSecret = {
  /** Resolves to the value, which is at most five minutes old. Never rejects: it falls back to the last value. */
  read(): Promise<string>;
  /** Makes the next `read` get the current value, since a server refused the last one. */
  invalidate(): void;
  close(): void;
};

/**
 * Opens a secret setting: a plain value, or a reference to Secrets Manager, which is read immediately. Rejects if the
 * secret cannot be read; the error names the setting and the reason.
 */
export async function openSecret(
  secret: Secret,
  {
    setting,
    aws,
    log,
    now = Date.now,
  }: { setting: string; aws: AwsSettings; log: Logger; now?: () => number },
): Promise<OpenSecret> {
  if ('value' in secret) return { read: async () => secret.value, invalidate() {}, close() {} };
  const { id, key } = secret;
  const client = new SecretsManagerClient(clientOptions(aws, { requestTimeout: promptMilliseconds }));

  async function fetchValue(): Promise<string> {
    try {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
      return memberOf(SecretString, key);
    } catch (cause) {
      const reason = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      throw new Error(`The secret that ${setting} refers to cannot be read: ${reason}`, { cause });
    }
  }

  let value: string;
  let readAt: number;
  let reading: Promise<void> | undefined;

  async function refresh() {
    await fetchValue().then(
      (current) => (value = current),
      // The last value is usually still valid.
      (error: unknown) => log.warn({ err: error }, 'refreshing a secret failed; its last value is used'),
    );
    readAt = now();
    reading = undefined;
  }

  try {
    value = await fetchValue();
    readAt = now();
  } catch (error) {
    client.destroy();
    throw error;
  }
  return {
    async read() {
      if (now() - readAt >= freshMilliseconds) await (reading ??= refresh());
      return value;
    },
    invalidate: () => void (readAt = -Infinity),
    close: () => client.destroy(),
  };
}

/** The text of a secret, or of one member if it is JSON. Errors do not contain the text. */
function memberOf(text: string | undefined, key: string | undefined): string {
  if (!text) throw new Error('the secret is empty or binary.');
  if (key === undefined) return text;
  const members = z.record(z.string(), z.unknown()).safeParse(parseJson(text));
  const member = members.data?.[key];
  if (typeof member !== 'string' || member === '')
    throw new Error(`the secret is not a JSON object with a string at "${key}".`);
  return member;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
