import { operations } from '@portfolio/core';
import type { SecurityLog } from '@portfolio/core/audit/security-log';
import type { Services } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { parseInput } from '@portfolio/core/input';
import { authenticateSession } from '@portfolio/core/session/authenticate';
import { pendingMinutes, storeSignIn, takeSignIn } from '@portfolio/core/session/pending';
import { issuerOfSession } from '@portfolio/core/session/issuer';
import { isWellFormed, newSecret } from '@portfolio/core/session/secret';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { limitByAddress } from '../admission.ts';
import type { Authenticator } from '../authenticator.ts';
import { cookie, forgetSession, readCookie, sessionSecretOf, storeSession } from '../credential.ts';
import { ForeignOrigin, mayForge } from '../own-origin.ts';
import { noteFailure } from '../request-log.ts';
import { originOf } from '../request-trace.ts';
import { closeUnread } from '../rest/bodies.ts';
import { disconnectSignal } from '../rest/disconnect.ts';
import { callbackPath, callbackPrefix } from './callback.ts';
import { type Enter, createEnter } from './enter.ts';
import type { Issuer, Trust } from './issuer.ts';
import { type Problem, problemOf, withoutAnswer } from './problem.ts';
import { type Protocol, createProtocol } from './protocol.ts';

/** Binds a sign-in to the browser that began it. */
const browserCookie = '__Host-sign-in';
const sessionSeconds = 7 * 24 * 3600;
const maxReturnTo = 2000;

export type SignInOptions = {
  services: Services;
  authenticator: Authenticator;
  publicOrigin: string | undefined;
  trust: Trust;
  securityLog?: SecurityLog | undefined;
};

const querySchema = z.object({
  to: z.string().max(maxReturnTo).catch('/').default('/'),
  issuer: z.string().optional(),
  again: z.unknown().optional(),
});

/**
 * Signing in with a browser, at one of the issuers, and out. A sign-in that fails leads to the page as well, whose address
 * then says why.
 */
export async function registerSignIn(app: FastifyInstance, options: SignInOptions) {
  const { services, publicOrigin, trust } = options;
  const clients = createClients(trust.issuers);
  const enter = createEnter(services, trust.groups);
  const originOf = ({ protocol, headers }: FastifyRequest) => {
    const origin = publicOrigin ?? `${protocol}://${headers.host}`;
    if (URL.canParse(origin)) return origin;
    throw new AppError('malformed_request', 'The header Host is not valid.');
  };

  await app.register(async (scope) => {
    limitByAddress(scope, options.authenticator);
    scope.addHook('onRequest', async (_request, reply) => {
      void reply.header('cache-control', 'no-store');
    });
    const page = { exposeHeadRoute: false };

    scope.get('/auth/sign-in', page, async (request, reply) => {
      const { to, issuer, again } = parseInput(querySchema, request.query);
      const client = clients.find(issuer ?? clients.known(await issuerOf(request, services)));
      const origin = originOf(request);
      const expected = { state: newSecret(), nonce: newSecret(), verifier: newSecret() };
      const leadTo = await client.protocol
        .begin(origin + callbackPath(client.issuer), expected, again !== undefined)
        .catch((error: unknown) => fail(error, request));
      const returnTo = pathWithin(origin, to);
      if (leadTo === null) return reply.redirect(failed(origin, 'unavailable', returnTo), 303);
      const known = readCookie(request.headers, browserCookie);
      const browser = known !== undefined && isWellFormed(known) ? known : newSecret();
      await storeSignIn(services.db, { ...expected, issuer: client.issuer.issuer, browser, returnTo });
      void reply.header('set-cookie', cookie(browserCookie, browser, pendingMinutes * 60));
      return reply.redirect(leadTo.href, 303);
    });

    const answer = async (request: FastifyRequest, reply: FastifyReply) => {
      const origin = originOf(request);
      const outcome = await complete(request, new URL(request.url, origin), clients, services, enter);
      if ('problem' in outcome) {
        const { problem, returnTo } = outcome;
        const isOfNote = problem === 'refused' || problem === 'expired';
        if (isOfNote) options.securityLog?.record('sign-in.refused', { address: request.ip });
        return reply.redirect(failed(origin, problem, returnTo), 303);
      }
      void reply.header('set-cookie', storeSession(outcome.secret, sessionSeconds));
      return reply.redirect(origin + outcome.returnTo, 303);
    };
    scope.get(callbackPrefix, page, answer);
    scope.get(`${callbackPrefix}/:issuer`, page, answer);

    scope.get('/auth/session', async (request, reply) => {
      const issuers = clients.all.map(({ issuer, client: { name } }) => ({ issuer, name: name ?? null }));
      return { isSignedIn: await hasSession(request, reply, services), issuers };
    });

    scope.post('/auth/sign-out', async (request, reply) => {
      if (mayForge(request, publicOrigin)) throw new ForeignOrigin();
      closeUnread(request, reply);
      await signOut(request, reply, services);
      return reply.code(204).header('set-cookie', forgetSession).send();
    });
  });
}

/** Where the person was, such as at an invitation, so that they can try again from there. */
function failed(origin: string, problem: Problem, returnTo: string): string {
  const url = new URL(origin + returnTo);
  url.searchParams.set('sign-in', problem);
  return url.href;
}

/** A path of this origin, with its query; `/` for everything else, such as `//elsewhere.example`. */
function pathWithin(origin: string, to: string): string {
  const url = URL.parse(to, origin);
  if (!to.startsWith('/') || url?.origin !== new URL(origin).origin || url.pathname.startsWith('/auth/'))
    return '/';
  return url.pathname + url.search + url.hash;
}

type Clients = ReturnType<typeof createClients>;

function createClients(issuers: readonly Issuer[]) {
  const all = issuers.flatMap((issuer) => (issuer.client ? [{ ...issuer, client: issuer.client }] : []));
  const protocols = new Map<string, { issuer: Issuer; protocol: Protocol }>(
    all.map((issuer) => [issuer.issuer, { issuer, protocol: createProtocol(issuer) }]),
  );
  return {
    all,
    /** The name of an issuer; undefined where it is configured no more. */
    known: (name: string | undefined) => (protocols.has(name ?? '') ? name : undefined),
    /** The client of an issuer; without a name, of the first one. */
    find(name: string | undefined) {
      const found = name === undefined ? [...protocols.values()][0] : protocols.get(name);
      if (found) return found;
      throw new AppError(
        'not_found',
        all.length === 0
          ? 'This installation does not offer to sign in with a browser.'
          : `There is no such issuer. Known: ${[...protocols.keys()].join(', ')}.`,
      );
    },
  };
}

type Outcome = { returnTo: string } & ({ problem: Problem } | { secret: string });

/** Completes the sign-in that this browser has begun, by the answer of the issuer. */
async function complete(
  request: FastifyRequest,
  answer: URL,
  clients: Clients,
  { db }: Services,
  enter: Enter,
): Promise<Outcome> {
  const state = answer.searchParams.get('state');
  const browser = readCookie(request.headers, browserCookie);
  const pending = state && browser ? await takeSignIn(db, { state, browser }) : null;
  if (!state || !pending) return { problem: 'expired', returnTo: '/' };
  try {
    const { issuer, protocol } = clients.find(pending.issuer);
    // The answer of another issuer, which the one that was asked has caused.
    if (callbackPath(issuer) !== answer.pathname) return { problem: 'refused', returnTo: pending.returnTo };
    const claims = await protocol.complete(answer, { ...pending, state }, enter.wanted);
    const { secret } = await enter.begin({
      issuer,
      claims,
      origin: originOf(request),
      userAgent: request.headers['user-agent'],
      replaces: sessionSecretOf(request.headers),
    });
    return { secret, returnTo: pending.returnTo };
  } catch (error) {
    fail(error, request);
    return { problem: problemOf(error), returnTo: pending.returnTo };
  }
}

/** Lets the line of the request say why a sign-in failed. */
function fail(error: unknown, request: FastifyRequest): null {
  noteFailure(request, 'warn', withoutAnswer(error));
  return null;
}

/** Whether a browser is signed in; the cookie of a session that has ended is removed. */
async function hasSession(request: FastifyRequest, reply: FastifyReply, services: Services) {
  const secret = sessionSecretOf(request.headers);
  if (secret === undefined) return false;
  const actor = await actorOf(secret, services);
  if (actor === null) void reply.header('set-cookie', forgetSession);
  return actor !== null;
}

async function signOut(request: FastifyRequest, reply: FastifyReply, services: Services) {
  const secret = sessionSecretOf(request.headers);
  const actor = secret === undefined ? null : await actorOf(secret, services);
  if (!actor || actor.kind === 'anonymous') return;
  const ctx = { ...services, actor, signal: disconnectSignal(reply), origin: originOf(request) };
  await operations.session.revoke.run(ctx, { id: actor.credential!.id! });
}

/** The issuer of the person who is signed in, to whom it leads again; undefined where nobody is. */
async function issuerOf({ headers }: FastifyRequest, { db }: Services): Promise<string | undefined> {
  const secret = sessionSecretOf(headers);
  return secret === undefined ? undefined : issuerOfSession(db, secret);
}

/** The actor of a session; null for one that has ended. */
async function actorOf(secret: string, { db }: Services) {
  try {
    return await authenticateSession(db, secret);
  } catch (error) {
    if (error instanceof AppError && error.code === 'unauthenticated') return null;
    throw error;
  }
}
