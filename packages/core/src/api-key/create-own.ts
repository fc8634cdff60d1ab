import { z } from 'zod';
import { AppError } from '../errors.ts';
import { operation } from '../operation.ts';
import { makeKey } from './make.ts';
import { apiKeyInput, newApiKeySchema } from './schemas.ts';

export const createOwnKey = operation({
  name: 'ownKey.create',
  kind: 'mutation',
  summary: 'Create a personal key, which acts as you in all your portfolios. Its secret is shown only once.',
  scope: 'api-key:write',
  shows: ['api-key:read'],
  recentSignIn: true,
  public: false,
  input: z.strictObject(apiKeyInput),
  output: newApiKeySchema,
  tenant: 'none',
  holdsSecret: true,
  async run(ctx, wanted) {
    const { actor } = ctx;
    if (actor.kind !== 'user') {
      throw new AppError(
        'forbidden',
        'A portfolio key cannot create personal keys. Use the key or token of a user.',
      );
    }
    ctx.noteDetails({ scopes: { before: null, after: wanted.scopes } });
    return makeKey(ctx, { personId: actor.id }, wanted);
  },
});
