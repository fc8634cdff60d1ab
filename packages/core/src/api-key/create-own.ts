import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { fetchApiKey, requireMayGrantScopes } from './internal.ts';
import { issueApiKey } from './issue.ts';
import { apiKeyInput, newApiKeySchema } from './schemas.ts';

export const createOwnKey = operation({
  name: 'ownKey.create',
  kind: 'mutation',
  summary: 'Create a personal key, which acts as you in all your portfolios. Its secret is shown only once.',
  scope: 'api-key:write',
  shows: ['api-key:read'],
  public: false,
  input: z.strictObject(apiKeyInput),
  output: newApiKeySchema,
  tenant: 'none',
  holdsSecret: true,
  async run({ actor, db }, { expiresAt, ...about }) {
    if (actor.kind !== 'user') {
      throw new AppError(
        'forbidden',
        'A portfolio key cannot create personal keys. Use the key or token of a user.',
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
