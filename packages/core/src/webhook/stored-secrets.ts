import { sql } from 'drizzle-orm';
import type { Encryption } from '../context.ts';
import { UnreadableSecret } from '../runtime/encryption.ts';
import { webhooks } from './webhook.sql.ts';

/** The secrets with which the messages of a webhook are signed. */
export type Secrets = { secret: string; previousSecret: string | null };

type EncryptedColumn = 'encryptedSecret' | 'encryptedPreviousSecret';
type Columns = Record<EncryptedColumn | 'secret' | 'previousSecret', string | null>;
type StoredSecrets = Columns & { id: string; signsWithPrevious: boolean };

/** What `readSecrets` needs. */
export const storedSecretColumns = {
  id: webhooks.id,
  secret: webhooks.secret,
  previousSecret: webhooks.previousSecret,
  encryptedSecret: webhooks.encryptedSecret,
  encryptedPreviousSecret: webhooks.encryptedPreviousSecret,
  signsWithPrevious: sql<boolean>`coalesce(${webhooks.previousSecretUntil} > now(), false)`,
};

const placeOf = (column: EncryptedColumn, id: string) => `webhooks.${webhooks[column].name}.${id}`;

/** The secrets of a stored row. Rejects with `UnreadableSecret` if one that is needed cannot be decrypted. */
export async function readSecrets(encryption: Encryption, stored: StoredSecrets): Promise<Secrets> {
  const { id, secret, previousSecret, signsWithPrevious } = stored;
  const decrypted = async (column: EncryptedColumn) =>
    stored[column] === null ? null : encryption.decrypt(stored[column], placeOf(column, id));
  const current = secret ?? (await decrypted('encryptedSecret'));
  if (current === null) throw new UnreadableSecret(`Webhook "${id}" has no secret.`);
  if (!signsWithPrevious) return { secret: current, previousSecret: null };
  // Release 0.1.0 rotates without regard to an encrypted secret, which is the previous one from then on.
  const previous = secret === null ? 'encryptedPreviousSecret' : 'encryptedSecret';
  return { secret: current, previousSecret: previousSecret ?? (await decrypted(previous)) };
}

/** The columns that store the secrets of a webhook. */
export async function encryptSecrets(
  encryption: Encryption,
  id: string,
  { secret, previousSecret }: Secrets,
): Promise<Columns> {
  const encrypt = (text: string, column: EncryptedColumn) => encryption.encrypt(text, placeOf(column, id));
  return {
    secret: null,
    previousSecret: null,
    encryptedSecret: await encrypt(secret, 'encryptedSecret'),
    encryptedPreviousSecret:
      previousSecret === null ? null : await encrypt(previousSecret, 'encryptedPreviousSecret'),
  };
}
