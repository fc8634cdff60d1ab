import { z } from 'zod';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { slugSchema } from '../text.ts';
import { makeKey } from './make.ts';
import { apiKeyInput, newApiKeySchema } from './schemas.ts';

export const createApiKey = operation({
  name: 'apiKey.create',
  kind: 'mutation',
  summary: 'Create a key that works in this portfolio only. Its secret is shown only once.',
  scope: 'api-key:write',
  shows: ['api-key:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject({ portfolio: slugSchema, ...apiKeyInput }),
  output: newApiKeySchema,
  tenant: tenantBySlug,
  holdsSecret: true,
  async run(ctx, wanted, tenant) {
    ctx.noteDetails({ scopes: { before: null, after: wanted.scopes } });
    return makeKey(ctx, { portfolioId: tenant.id }, wanted);
  },
});
