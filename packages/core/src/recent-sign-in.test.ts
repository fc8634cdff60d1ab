import { expect, test } from 'vitest';
import { type Actor, operatorScopes, scopeSchema } from './actor.ts';
import type { Ctx, Services } from './context.ts';
import { AppError } from './errors.ts';
import { allOperations, operations } from './index.ts';

const scopes = [...scopeSchema.options, ...operatorScopes];

/** A person by a session whose sign-in was some minutes ago. */
function signedIn(minutesAgo: number): Ctx {
  const signedInAt = new Date(Date.now() - minutesAgo * 60_000);
  const credential = { kind: 'session' as const, id: 'session', tokenIssuedAt: signedInAt, signedInAt };
  const actor: Actor = { kind: 'user', id: 'ada', scopes, expiresAt: null, credential };
  return { ...({} as Services), actor, signal: new AbortController().signal };
}

const demanding = allOperations.filter(({ recentSignIn }) => recentSignIn !== undefined);

test('whatever would outlast a stolen session demands a recent sign-in', () => {
  expect(demanding.map(({ name }) => name).toSorted()).toEqual([
    'apiKey.create',
    'apiKey.rotate',
    'invitation.create',
    'me.erase',
    'member.remove',
    'member.update',
    'operator.erase',
    'ownKey.create',
    'ownKey.rotate',
    'portfolio.delete',
    'portfolio.purge',
    'webhook.create',
    'webhook.rotateSecret',
    'webhook.update',
  ]);
});

const always = demanding.filter(({ recentSignIn }) => recentSignIn === true);

test.each(always.map((operation) => [operation.name, operation] as const))(
  '%s is refused a quarter of an hour after the sign-in, and not before',
  async (_, operation) => {
    // Neither gets further than to the input.
    const run = (minutesAgo: number) => operation.run(signedIn(minutesAgo), { unknown: 1 });
    await expect(run(16)).rejects.toMatchObject({ code: 'recent_sign_in_required' });
    await expect(run(14)).rejects.not.toMatchObject({ code: 'recent_sign_in_required' });
    await expect(run(14)).rejects.toBeInstanceOf(AppError);
  },
);

const remove = (member: string) =>
  operations.member.remove.run(signedIn(16), { portfolio: 'team', member, expectedVersion: '*' });

test('members may leave without a recent sign-in, but not remove others', async () => {
  await expect(remove('grace')).rejects.toMatchObject({ code: 'recent_sign_in_required' });
  // It gets as far as the database, which there is none of.
  await expect(remove('ada')).rejects.toBeInstanceOf(TypeError);
});
