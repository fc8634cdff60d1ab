import { and, eq, sql } from 'drizzle-orm';
import type { Db } from '../context.ts';
import { hashOfSecret } from './secret.ts';
import { pendingSignIns } from './session.sql.ts';

/** How long a person has to sign in at the issuer. */
export const pendingMinutes = 10;

/** What is checked, and done, when the answer of the issuer arrives. */
type PendingSignIn = { issuer: string; verifier: string; nonce: string; returnTo: string };

/** Stores a sign-in that is sent to an issuer. */
export async function storeSignIn(
  db: Db,
  { state, browser, ...pending }: PendingSignIn & { state: string; browser: string },
): Promise<void> {
  const [stateHash, browserHash] = [hashOfSecret(state), hashOfSecret(browser)];
  await db.insert(pendingSignIns).values({ ...pending, stateHash, browserHash });
}

/** Takes the sign-in that a browser has begun: each can be completed once. Null if there is none, or no longer. */
export async function takeSignIn(
  db: Db,
  { state, browser }: { state: string; browser: string },
): Promise<PendingSignIn | null> {
  const [found] = await db
    .delete(pendingSignIns)
    .where(
      and(
        eq(pendingSignIns.stateHash, hashOfSecret(state)),
        eq(pendingSignIns.browserHash, hashOfSecret(browser)),
        sql`${pendingSignIns.createdAt} > now() - make_interval(mins => ${pendingMinutes})`,
      ),
    )
    .returning({
      issuer: pendingSignIns.issuer,
      verifier: pendingSignIns.verifier,
      nonce: pendingSignIns.nonce,
      returnTo: pendingSignIns.returnTo,
    });
  return found ?? null;
}
