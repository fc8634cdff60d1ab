import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { fetchApiKey, requireMayGrantScopes } from './internal.ts';
import { issueApiKey } from './issue.ts';
import { apiKeyInput, newApiKeySchema } from './schemas.ts';

export const createOwnKey = operation({
  name: 'ownKey.create',
  kind: 'mutation',
  summary:
    'Make a key of your own: it acts as you, wherever you are a member. Its secret is shown this once.',
  scope: 'api-key:write',
  public: false,
  input: z.strictObject(apiKeyInput),
  output: newApiKeySchema,
  tenant: 'none',
  holdsSecret: true,
  async run({ actor, db }, { expiresAt, ...about }) {
    if (actor.kind !== 'user') {
      throw new AppError(
        'forbidden',
        'The key of a portfolio has no keys of its own; use the key of a user.',
      );
    }
    requireMayGrantScopes(actor, about.scopes);
    const key = await issueApiKey(db, {
      ...about,
      subject: actor.subject,
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
    });
    return { ...(await fetchApiKey(db, key.id)), secret: key.secret };
  },
});
