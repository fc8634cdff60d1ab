import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { type AwsSettings, clientOptions, promptMilliseconds } from './aws.ts';
import type { Logger } from './log.ts';
import type { Secret } from './settings.ts';

/** How long a value is used before it is read again: a rotation may have replaced it. */
const freshMilliseconds = 5 * 60_000;

/** A secret that may be rotated while the process runs. */
export type OpenSecret = {
  /** Its value, as it was at most five minutes ago, and after a `doubt` as it is now. Once known, it never fails. */
  read(): Promise<string>;
  /** Has it read anew when it is next needed, since somebody refused the value. */
  doubt(): void;
  close(): void;
};

/**
 * Resolves a secret setting: to itself, or from Secrets Manager, which is asked at once. Rejects with an error that
 * names the setting, and says why, if it has no such value.
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
  if ('value' in secret) return { read: async () => secret.value, doubt() {}, close() {} };
  const { id, key } = secret;
  const client = new SecretsManagerClient(clientOptions(aws, { requestTimeout: promptMilliseconds }));

  async function ask(): Promise<string> {
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

  async function readAnew() {
    await ask().then(
      (current) => (value = current),
      // What was good a moment ago commonly still is.
      (error: unknown) => log.warn({ err: error }, 'a secret is not read anew; its last value is used'),
    );
    readAt = now();
    reading = undefined;
  }

  try {
    value = await ask();
    readAt = now();
  } catch (error) {
    client.destroy();
    throw error;
  }
  return {
    async read() {
      if (now() - readAt >= freshMilliseconds) await (reading ??= readAnew());
      return value;
    },
    doubt: () => void (readAt = -Infinity),
    close: () => client.destroy(),
  };
}

/** The text of a secret, or of one member of it where it is JSON. What it holds is in no error. */
function memberOf(text: string | undefined, key: string | undefined): string {
  if (!text) throw new Error('it holds no text.');
  if (key === undefined) return text;
  const members = z.record(z.string(), z.unknown()).safeParse(parseJson(text));
  const member = members.data?.[key];
  if (typeof member !== 'string' || member === '')
    throw new Error(`it is no JSON object with a text at "${key}".`);
  return member;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
