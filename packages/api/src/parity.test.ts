import { allOperations, operations } from '@portfolio/core';
import { type Actor, type AnyScope, operatorScopes, roleScopes, scopeSchema } from '@portfolio/core/actor';
import { authenticateApiKey } from '@portfolio/core/api-key/authenticate';
import { issueApiKey } from '@portfolio/core/api-key/issue';
import { createOperatorKey } from '@portfolio/core/operator/keys';
import type { ErrorCode, Problem } from '@portfolio/core/errors';
import type { AnyOperation } from '@portfolio/core/operation';
import { scopesOf } from '@portfolio/core/tenancy';
import { TRPCClientError } from '@trpc/client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { signToken, startIssuer } from '../../../dev/issuer.ts';
import { type TestApi, testApi } from '../../../tests/support/api.ts';
import {
  type Place,
  type Routes,
  createPlace,
  examples,
  readRoutes,
  resetBin,
} from '../../../tests/support/examples.ts';
import { invite } from '../../../tests/support/invite.ts';
import { simulateWorker } from '../../../tests/support/simulate-worker.ts';
import { user } from '../../../tests/support/services.ts';
import { createClient } from './client.ts';
import { appRouter } from './trpc/router.ts';

const allScopes = scopeSchema.options;

const owner = user('owner');
let api: TestApi;
let secret: Place;
let open: Place;
let routes: Routes;
const keys: Record<string, string> = {};

let folder: string;
let issuer: Awaited<ReturnType<typeof startIssuer>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parity-'));
  issuer = await startIssuer(keyFile());
  const { JWT_ISSUER, JWT_AUDIENCE: audience, JWT_JWKS_URL: jwksUrl } = issuer.settings;
  api = await testApi({ issuers: [{ issuer: JWT_ISSUER, audience, jwksUrl, isDefault: true }] });
  secret = await createPlace(api, 'secret');
  open = await createPlace(api, 'open');
  await operations.caseStudy.publish.run(api.as(owner), {
    portfolio: open.portfolio,
    slug: open.slug,
    expectedVersion: '*',
  });
  await printStudy('secret', false);
  await printStudy('open', true);
  routes = await readRoutes(api);
  keys.owner = await api.issueKey('owner');
  keys.nonMember = await api.issueKey('non-member');
  keys.viewer = await api.issueKey('viewer');
  for (const scope of allScopes) {
    keys[`without ${scope}`] = await api.issueKey(
      'owner',
      allScopes.filter((other) => other !== scope),
    );
  }
  const expiresAt = new Date(Date.now() + 3_600_000);
  for (const scope of operatorScopes) {
    const others = operatorScopes.filter((other) => other !== scope);
    const less = await createOperatorKey(api.db, { name: 'less', scopes: others, expiresAt });
    keys[`without ${scope}`] = less.secret;
  }
  const operator = { name: 'operator', scopes: [...operatorScopes], expiresAt };
  keys.operator = (await createOperatorKey(api.db, operator)).secret;
  const elsewhere = { slug: 'elsewhere', name: 'Elsewhere' };
  const { id: portfolioId } = await operations.portfolio.create.run(api.as(user('non-member')), elsewhere);
  keys.elsewhere = (await issueApiKey(api.db, { ...about, portfolioId })).secret;
  await endKeys();
  await endTokens();
});
afterAll(async () => {
  await api.stop();
  await issuer.stop();
  await rm(folder, { recursive: true });
});

beforeEach(() => resetBin(api, [secret, open]));

const keyFile = () => join(folder, 'issuer.json');
const places = () => [secret.portfolio, open.portfolio];

/** Adds subjects as owners of both portfolios. */
async function addOwners(...subjects: string[]) {
  for (const portfolio of places()) {
    for (const subject of subjects) await invite(api, { portfolio, role: 'owner' }, subject);
  }
}

const about = { name: 'test', scopes: allScopes, expiresAt: null };
const makeKey = (actor: Actor) =>
  operations.apiKey.create.run(api.as(actor), { ...about, portfolio: open.portfolio });
const actorBy = (key: { secret: string }) => authenticateApiKey(api.db, key.secret);

/** Makes keys that have ended with what they were made by. */
async function endKeys() {
  await addOwners('removed');
  const ofRemoved = await makeKey(user('removed'));
  for (const portfolio of places()) {
    const removed = { portfolio, member: 'removed', expectedVersion: '*' as const };
    await operations.member.remove.run(api.as(owner), removed);
  }
  const [revoked, expired] = [await makeKey(owner), await makeKey(owner)];
  const ofRevoked = await makeKey(await actorBy(await makeKey(await actorBy(revoked))));
  await operations.apiKey.revoke.run(api.as(owner), { portfolio: open.portfolio, id: revoked.id });
  const ofExpired = await makeKey(await actorBy(expired));
  // The row of the key itself has no end, as if it were older than the rule that it needs one.
  await api.sql`update api_keys set expires_at = now() where id = ${expired.id}`;
  keys['the key of a removed member'] = ofRemoved.secret;
  keys['a descendant of a revoked key'] = ofRevoked.secret;
  keys['a key with an expired parent'] = ofExpired.secret;
}

/** Signs tokens that were revoked since, by their subject or in both portfolios. */
async function endTokens() {
  await addOwners('revokes', 'signed-in');
  keys['a token that its subject has revoked'] = await signToken(keyFile(), 'revokes', allScopes);
  await operations.ownToken.revoke.run(api.as(user('revokes')), {});
  const token = await signToken(keyFile(), 'signed-in', allScopes);
  const made = await api.call('POST', '/api/v1/api-keys', {
    key: token,
    json: { name: 'test', scopes: allScopes },
  });
  keys['a token that an owner has revoked'] = token;
  keys['a personal key made with it'] = ((await made.json()) as { secret: string }).secret;
  for (const portfolio of places())
    await operations.member.revokeTokens.run(api.as(owner), { portfolio, member: 'signed-in' });
}

async function printStudy(portfolio: string, isPublished: boolean) {
  const ctx = api.as(owner);
  const study = { portfolio, slug: 'printed' };
  await operations.caseStudy.create.run(ctx, { ...study, title: 'Printed' });
  if (isPublished) await operations.caseStudy.publish.run(ctx, { ...study, expectedVersion: '*' });
  const { version } = await operations.caseStudy.read.run(ctx, study);
  const { id } = await operations.caseStudy.export.run(ctx, study);
  await (await simulateWorker(api, id)).succeed(version);
}

/** The outcome of a call: its result, or the problem that it was refused with. */
type Outcome = { result: unknown } | { problem: Omit<Problem, 'traceId'> };

/** Each request has a trace of its own. */
function withoutTrace({ traceId, ...problem }: Problem): Omit<Problem, 'traceId'> {
  expect(traceId).toMatch(/^[\da-f]{32}$/);
  return problem;
}

type Callable = {
  query(input: object): Promise<unknown>;
  mutate(input: object): Promise<unknown>;
  subscribe(
    input: object,
    watcher: { onData: (item: unknown) => void; onError: (error: unknown) => void; onComplete: () => void },
  ): { unsubscribe(): void };
};

/** Calls with the typed client. The result of a stream is its first item. */
async function overTrpc({ name, kind }: AnyOperation, input: object, apiKey?: string): Promise<Outcome> {
  const client = createClient({ baseUrl: api.baseUrl, apiKey });
  const [noun, verb] = name.split('.') as [string, string];
  const callable = (client as unknown as Record<string, Record<string, Callable>>)[noun]![verb]!;
  try {
    if (kind === 'query') return { result: await callable.query(input) };
    if (kind === 'mutation') return { result: await callable.mutate(input) };
    return { result: await firstItem(callable, input) };
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    return { problem: withoutTrace((error.data as { problem: Problem }).problem) };
  }
}

function firstItem(callable: Callable, input: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { unsubscribe } = callable.subscribe(input, {
      onData(item) {
        resolve(item);
        unsubscribe();
      },
      onError: reject,
      onComplete: () => reject(new Error('The stream ended without an item.')),
    });
  });
}

/** Calls with fetch, as the OpenAPI document describes it. */
async function overRest({ name, kind }: AnyOperation, input: object, key?: string): Promise<Outcome> {
  const { method, path, statuses } = routes.get(name)!;
  const fields = new Map<string, unknown>(Object.entries(input));
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, field: string) => {
    const value = encodeURIComponent(String(fields.get(field)));
    fields.delete(field);
    return value;
  });
  const expected = fields.get('expectedVersion');
  fields.delete('expectedVersion');
  const rest = Object.fromEntries(fields);
  const query = method === 'GET' ? `?${new URLSearchParams(rest as Record<string, string>).toString()}` : '';
  const response = await api.call(method, filled + query, {
    ...(key !== undefined && { key }),
    ...withHeaders(method === 'GET' ? {} : bodyOf(rest), expected === undefined ? {} : { 'if-match': '*' }),
  });
  if (response.status >= 400) return { problem: withoutTrace((await response.json()) as Problem) };
  expect(statuses).toContain(response.status);
  if (response.status === 204) return { result: null };
  return { result: kind === 'subscription' ? await firstMessage(response) : await response.json() };
}

function withHeaders(init: RequestInit, headers: Record<string, string>): RequestInit {
  return { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } };
}

function bodyOf(fields: Record<string, unknown>): RequestInit & { json?: unknown } {
  if (!('bytes' in fields)) return Object.keys(fields).length > 0 ? { json: fields } : {};
  const body = Buffer.from(String(fields.bytes), 'base64');
  return { body, headers: { 'content-type': 'image/png' } };
}

async function firstMessage(response: Response): Promise<unknown> {
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const message = /^id: (.+)\ndata: (.+)\n\n/m.exec(text);
    if (message) return { id: message[1], data: JSON.parse(message[2]!) as unknown };
  }
  throw new Error('The stream ended without an item.');
}

/** Removes values that differ between any two calls: signatures of links, and after writes ids, versions and times. */
function comparable(outcome: Outcome, { kind }: AnyOperation): unknown {
  const text = JSON.stringify(outcome, (key, value: unknown) => {
    if (key === 'expiresAt') return typeof value;
    // What differs by the time, or by the number of calls.
    if (/^(remaining|resetSeconds|oldestSeconds)$/.test(key)) return typeof value;
    // The form of an upload, which contains a signature with its time.
    if (key === 'fields') return Object.keys(value as object).toSorted();
    // Whether a new job waits for a turn or a worker, and in which place, depends on those before it.
    if (kind === 'mutation' && /^(id|job|messageId|notBefore|version|waiting)$|At$/.test(key))
      return typeof value;
    if (typeof value !== 'string') return value;
    if (key === 'secret' || key === 'prefix') return value.length;
    // Each request begins a trace.
    if (key === 'traceId') return value.length;
    if (kind === 'mutation' && key === 'detail')
      return value.replace(/job_\w{26}/, 'a job').replaceAll(/fresh-\d+/g, 'fresh');
    return value
      .replace(/\?X-Amz.*$/, '')
      .replace(/pinv_[\w-]+/, 'pinv_')
      .replaceAll(/fresh-\d+/g, 'fresh');
  });
  return JSON.parse(text);
}

/** A digest of all rows that calls may change, once the outbox is empty. */
async function contents(): Promise<unknown> {
  await api.wakeUps.idle();
  const tables = await api.sql<{ name: string }[]>`
    select table_name as name from information_schema.tables
    -- Callers are stored as people when they are first seen.
    where table_schema = 'public' and table_name <> 'people' order by 1`;
  expect(tables.map(({ name }) => name)).toContain('case_studies');
  return Promise.all(
    tables.map(async ({ name }) => [
      name,
      // The last use of a key is recorded in the background.
      await api.sql`
        with rows as (
          select (to_jsonb(t) - 'last_used_at' - 'last_used_address')::text as row from ${api.sql(name)} t)
        select md5(string_agg(row, '|' order by row)) from rows`,
    ]),
  );
}

type Caller = {
  who: string;
  key: string | undefined;
  place: Place;
  code: ErrorCode | null;
  /** True for the owner, in whose place somebody else calls what can be done only once. */
  isOwner?: boolean;
};

const endedCredentials = [
  'the key of a removed member',
  'a descendant of a revoked key',
  'a key with an expired parent',
  'a token that its subject has revoked',
];
/** What acts for members of other portfolios only. */
const endedHere = ['a token that an owner has revoked', 'a personal key made with it'];

/** The callers of an operation, and the code of their refusal; null where the caller is admitted. */
function callersOf(operation: AnyOperation): Caller[] {
  const { name, public: isPublic } = operation;
  const scopes = scopesOf(operation);
  const { ofPortfolio, ofOwner = false, ofPerson = false } = examples[name]!;
  const inSecret = ofPortfolio || ofOwner ? 'not_found' : null;
  // Jobs, and portfolios in the bin, are visible to members only, even where their portfolio is public.
  const refused = /^job\.(?!.*Many)|^portfolio\.(undelete|purge)$/.test(name) ? 'not_found' : 'forbidden';
  const inTheOpen = ofOwner ? 'not_found' : ofPortfolio && !isPublic ? refused : null;
  const isOfViewer = scopes.every((scope) => (roleScopes.viewer as readonly AnyScope[]).includes(scope));
  const ofViewer = isOfViewer ? null : 'forbidden';
  const { nonMember, elsewhere, viewer } = keys;
  if (isOfOperators(operation)) return callersOfOperators(scopes);
  return [
    {
      who: 'an anonymous reader',
      key: undefined,
      place: secret,
      code: isPublic ? inSecret : 'unauthenticated',
    },
    { who: 'an anonymous reader', key: undefined, place: open, code: isPublic ? null : 'unauthenticated' },
    { who: 'an unknown key', key: 'pk_unknown', place: open, code: 'unauthenticated' },
    ...scopes.map((scope) => ({
      who: `a key without ${scope}`,
      key: keys[`without ${scope}`],
      place: secret,
      code: isPublic && !ofPortfolio ? null : ('forbidden' as const),
    })),
    { who: 'a non-member', key: nonMember, place: secret, code: inSecret },
    { who: 'a non-member', key: nonMember, place: open, code: inTheOpen },
    {
      who: 'the key of another portfolio',
      key: elsewhere,
      place: secret,
      code: ofPerson ? 'forbidden' : inSecret,
    },
    {
      who: 'the key of another portfolio',
      key: elsewhere,
      place: open,
      code: ofPerson ? 'forbidden' : inTheOpen,
    },
    ...endedCredentials.map((who): Caller => ({ who, key: keys[who], place: open, code: 'unauthenticated' })),
    ...endedHere.flatMap((who): Caller[] => [
      { who, key: keys[who], place: secret, code: inSecret },
      { who, key: keys[who], place: open, code: inTheOpen },
    ]),
    {
      who: 'a viewer',
      key: viewer,
      place: secret,
      code: ofOwner ? 'not_found' : ofPortfolio ? ofViewer : null,
    },
  ];
}

const isOfOperators = ({ name }: AnyOperation) => name.startsWith('operator.');

/** Nobody but an operator may call their operations, whatever the scopes and the role in a portfolio. */
const callersOfOperators = (scopes: AnyScope[]): Caller[] => [
  { who: 'an anonymous reader', key: undefined, place: open, code: 'unauthenticated' },
  { who: 'an unknown key', key: 'pk_unknown', place: open, code: 'unauthenticated' },
  ...['owner', 'viewer', 'nonMember', 'elsewhere', ...scopes.map((scope) => `without ${scope}`)].map(
    (who): Caller => ({ who, key: keys[who], place: open, code: 'forbidden' }),
  ),
  ...endedCredentials.map((who): Caller => ({ who, key: keys[who], place: open, code: 'unauthenticated' })),
  ...endedHere.map((who): Caller => ({ who, key: keys[who], place: open, code: 'forbidden' })),
];

/** The outcomes of these callers over each interface, by caller. */
async function outcomesOf(operation: AnyOperation, callers: Caller[]) {
  const trpc: Record<string, unknown> = {};
  const rest: Record<string, unknown> = {};
  const { input: inputFor, by } = examples[operation.name]!;
  for (const { who, key, place, isOwner } of callers) {
    const at = `${who} in ${place.portfolio}`;
    for (const [outcomes, call] of [
      [trpc, overTrpc],
      [rest, overRest],
    ] as const) {
      const input = inputFor(place);
      const caller = isOwner && by ? await api.issueKey(by(input)) : key;
      outcomes[at] = comparable(await call(operation, input, caller), operation);
    }
  }
  return { trpc, rest };
}

test('every operation has an example', () => {
  expect(Object.keys(examples).toSorted()).toEqual(allOperations.map(({ name }) => name).toSorted());
});

test('every operation has one procedure of its kind, and there are no others', () => {
  const { _def: definition } = appRouter;
  const procedures = Object.entries(
    definition.procedures as object as Record<string, { _def: { type: string } }>,
  );
  const kinds = procedures.map(([name, { _def: procedure }]) => [name, procedure.type]);
  expect(Object.fromEntries(kinds)).toEqual(
    Object.fromEntries(allOperations.map(({ name, kind }) => [name, kind])),
  );
});

test('every operation has one route with a method that fits its kind, and there are no others', () => {
  expect([...routes.keys()].toSorted()).toEqual(allOperations.map(({ name }) => name).toSorted());
  for (const { name, kind } of allOperations) {
    const { method, path } = routes.get(name)!;
    expect(kind === 'mutation' ? ['POST', 'PUT', 'PATCH', 'DELETE'] : ['GET']).toContain(method);
    expect(api.server.hasRoute({ method, url: path.replaceAll(/\{(\w+)\}/g, ':$1') })).toBe(true);
  }
});

const named = allOperations.map((operation) => [operation.name, operation] as const);

test.each(named)('%s gives the same result over tRPC and REST', async (_, operation) => {
  const place = open;
  const { trpc, rest } = await outcomesOf(operation, [
    {
      who: 'the owner',
      key: isOfOperators(operation) ? keys.operator : keys.owner,
      place,
      code: null,
      isOwner: true,
    },
  ]);
  expect(trpc['the owner in open']).toHaveProperty('result');
  expect(rest).toEqual(trpc);
});

test.each(named)('%s refuses the same callers over both, without a change', async (_, operation) => {
  const refused = callersOf(operation).filter(({ code }) => code !== null);
  const before = await contents();
  const { trpc, rest } = await outcomesOf(operation, refused);
  const expected = refused.map(({ who, place, code }) => [
    `${who} in ${place.portfolio}`,
    { problem: { code } },
  ]);
  expect(trpc).toMatchObject(Object.fromEntries(expected));
  expect(rest).toEqual(trpc);
  expect(await contents()).toEqual(before);
});

const queries = named.filter(([, { kind }]) => kind === 'query');

test.each(queries)('%s admits all other callers, with the same result over both', async (_, operation) => {
  const admitted = callersOf(operation).filter(({ code }) => code === null);
  const { trpc, rest } = await outcomesOf(operation, admitted);
  for (const outcome of Object.values(trpc)) expect(outcome).toHaveProperty('result');
  expect(rest).toEqual(trpc);
});
