import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { fetchApiKey, requireMayGrantScopes } from './internal.ts';
import { issueApiKey } from './issue.ts';
import { apiKeyInput, newApiKeySchema } from './schemas.ts';

export const createApiKey = operation({
  name: 'apiKey.create',
  kind: 'mutation',
  summary: 'Create a key that works in this portfolio only. Its secret is shown only once.',
  scope: 'api-key:write',
  shows: ['api-key:read'],
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...apiKeyInput }),
  output: newApiKeySchema,
  tenant: tenantBySlug,
  holdsSecret: true,
  async run({ actor, db }, { portfolio: _, expiresAt, ...about }, tenant) {
    requireMayGrantScopes(actor, about.scopes);
    const key = await issueApiKey(db, {
      ...about,
      portfolioId: tenant.id,
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
    });
    return { ...(await fetchApiKey(db, key.id)), secret: key.secret };
  },
});
