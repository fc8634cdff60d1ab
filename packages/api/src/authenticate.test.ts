import { type Actor, operatorScopes } from '@portfolio/core/actor';
import { apiKeys } from '@portfolio/core/api-key/api-key.sql';
import { hashOfKey, issueApiKey } from '@portfolio/core/api-key/issue';
import { type Database, openDatabase } from '@portfolio/core/runtime/database';
import {
  type CryptoKey,
  type JWK,
  type JWTPayload,
  SignJWT,
  UnsecuredJWT,
  exportJWK,
  exportSPKI,
  generateKeyPair,
} from 'jose';
import { EventEmitter, once } from 'node:events';
import { type Server, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../../tests/support/database.ts';
import { silentLog } from '../../../tests/support/services.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';
import { type GroupSettings, createGroups, noGroups } from './sign-in/groups.ts';
import type { Issuer } from './sign-in/issuer.ts';

let database: TestDatabase;
let pool: Database;
beforeAll(async () => {
  database = await testDatabase();
  pool = openDatabase({ url: database.url, poolSize: 2, applicationName: 'test', log: silentLog });
});
afterAll(async () => {
  await pool.close();
  await database.drop();
});

const withHeader = (header: string | undefined) => createAuthenticate(pool.db)(header);
const withKey = (key: string) => withHeader(`Bearer ${key}`);

const trusting = (...issuers: Issuer[]) => ({
  issuers,
  groups: createGroups({ db: pool.db, log: silentLog }, noGroups),
});

const rolesOf = (subject: string) => pool.sql`select role from members where person_id = ${subject}`;
const minutesAgo = (minutes: number) => Math.floor(Date.now() / 1000) - minutes * 60;
const hour = 3_600_000;
const fromNow = (milliseconds: number) => new Date(Date.now() + milliseconds);

type Pair = { publicKey: CryptoKey; privateKey: CryptoKey; jwk: JWK };

async function createPair(kid: string, alg = 'ES256'): Promise<Pair> {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...pair, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: 'sig' } };
}

describe('an API key', () => {
  const about = { name: 'test', scopes: ['job:read' as const], expiresAt: null };

  test('of a subject authenticates that user, with the scopes of the key', async () => {
    const expiresAt = fromNow(hour);
    const { secret: key, id } = await issueApiKey(pool.db, { ...about, personId: 'ada', expiresAt });
    expect(await withKey(key)).toEqual({
      kind: 'user',
      id: 'ada',
      scopes: ['job:read'],
      expiresAt,
      credential: { kind: 'key', id, tokenIssuedAt: null },
    });
  });

  test('is refused when it is unknown, truncated, revoked or expired, with the same message for each', async () => {
    const { secret: revoked } = await issueApiKey(pool.db, { ...about, personId: 'ada' });
    await pool.sql`update api_keys set revoked_at = now() where secret_hash = ${hashOfKey(revoked)}`;
    const { secret: expired } = await issueApiKey(pool.db, {
      ...about,
      personId: 'ada',
      expiresAt: fromNow(-1000),
    });
    const { secret: good } = await issueApiKey(pool.db, { ...about, personId: 'ada' });
    const refusals = await Promise.all(
      [
        'pk_unknown',
        'pk_',
        good.slice(0, -1),
        `${good}x`,
        good.toUpperCase().replace('PK_', 'pk_'),
        revoked,
        expired,
      ].map((key) => withKey(key).catch((error: unknown) => error)),
    );
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({
        code: 'unauthenticated',
        message: 'The API key is unknown, revoked or expired.',
      });
    }
  });

  test('is stored as a hash only', async () => {
    const { secret: key } = await issueApiKey(pool.db, { ...about, personId: 'ada' });
    expect(key).toMatch(/^pk_[\w-]{49}$/);
    const rows = await pool.db.select().from(apiKeys);
    expect(JSON.stringify(rows)).not.toContain(key.slice(3));
    expect(rows.map(({ secretHash }) => secretHash)).toContain(hashOfKey(key));
  });
});

describe('an Authorization header', () => {
  test.each([undefined, ''])(
    'that is missing or empty (%j) authenticates an anonymous reader',
    async (header) => {
      expect(await withHeader(header)).toEqual({ kind: 'anonymous' });
    },
  );

  test.each(['Basic eDp5', 'Bearer', 'Bearer ', 'pk_key', 'Bearer two words', 'Bearer pk_a, Bearer pk_b'])(
    'in another format (%j) is refused, never treated as anonymous',
    async (header) => {
      await expect(withHeader(header)).rejects.toMatchObject({ code: 'unauthenticated' });
    },
  );

  test('with a token is refused where no issuer is configured', async () => {
    await expect(withHeader('Bearer eyJhbGciOiJub25lIn0.e30.')).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining('does not accept tokens'),
    });
  });
});

describe('a token', () => {
  const issuer = 'https://issuer.example';
  const audience = 'portfolio-api';
  const claims = { sub: 'ada', scope: 'job:read portfolio:write launch:rockets operator:read' };

  let first: Pair;
  let published: JWK[];
  let answer: { status: number; body?: string } | undefined;
  let server: Server;
  let jwksUrl: string;

  beforeAll(async () => {
    first = await createPair('first');
    published = [first.jwk];
    server = createServer((_request, response) => {
      response.statusCode = answer?.status ?? 200;
      response.end(answer?.body ?? JSON.stringify({ keys: published }));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
  });
  afterAll(() => {
    server.close();
  });

  const createVerifier = (url = jwksUrl): Authenticate =>
    createAuthenticate(pool.db, trusting({ issuer, audience, jwksUrl: url, isDefault: true }));
  const present = (token: string, verifier = createVerifier()) => verifier(`Bearer ${token}`);

  /** A valid token, apart from the given changes. */
  function sign(
    payload: JWTPayload = {},
    {
      key = first.privateKey,
      ...header
    }: {
      key?: CryptoKey | Uint8Array;
      alg?: string;
      kid?: string;
      jwk?: JWK;
      jku?: string;
      x5u?: string;
      typ?: string;
    } = {},
  ) {
    return new SignJWT({
      iss: issuer,
      aud: audience,
      exp: Math.floor(Date.now() / 1000) + 60,
      ...claims,
      ...payload,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'first', ...header })
      .sign(key);
  }

  test('of the issuer authenticates its subject, with its known scopes, and with none of operators', async () => {
    const exp = Math.floor(Date.now() / 1000) + 60;
    expect(await present(await sign({ exp }))).toEqual({
      kind: 'user',
      id: 'ada',
      scopes: ['job:read', 'portfolio:write'],
      expiresAt: new Date(exp * 1000),
      credential: { kind: 'token', id: null, tokenIssuedAt: new Date(0) },
    });
  });

  test('is known by its id and the time at which it was issued', async () => {
    const iat = Math.floor(Date.now() / 1000) - 5;
    const { credential } = (await present(await sign({ iat, jti: 'first' }))) as Actor & { kind: 'user' };
    expect(credential).toEqual({ kind: 'token', id: 'first', tokenIssuedAt: new Date(iat * 1000) });
  });

  test.each(['JWT', 'jwt', 'at+jwt', 'AT+JWT', 'application/at+jwt', 'application/JWT'])(
    'of the type %s is accepted',
    async (typ) => {
      expect(await present(await sign({}, { typ }))).toMatchObject({ id: 'ada' });
    },
  );

  test.each(['logout+jwt', 'dpop+jwt', 'secevent+jwt', 'id_token', '', 'JWT '])(
    'of another type (%j) is refused',
    async (typ) => {
      await expect(present(await sign({}, { typ }))).rejects.toMatchObject({
        code: 'unauthenticated',
        message: expect.stringContaining('type'),
      });
    },
  );

  test('is refused once its subject has revoked the tokens issued so far, and a later one is not', async () => {
    const now = Math.floor(Date.now() / 1000);
    const token = (iat: number | undefined) => sign({ sub: 'revokes', iat });
    await present(await token(undefined));
    await pool.sql`insert into token_ends (person_id, not_before) values ('revokes', now())`;
    for (const iat of [undefined, now - 10]) {
      await expect(present(await token(iat))).rejects.toMatchObject({
        code: 'unauthenticated',
        message: expect.stringContaining('revoked'),
      });
    }
    expect(await present(await token(now + 10))).toMatchObject({ id: 'revokes' });
    expect(await present(await sign({ iat: now - 10 }))).toMatchObject({ id: 'ada' });
  });

  test.each(['RS256', 'PS256', 'EdDSA'])('signed with %s is accepted', async (alg) => {
    const pair = await createPair(alg, alg);
    published = [first.jwk, pair.jwk];
    expect(await present(await sign({}, { key: pair.privateKey, alg, kid: alg }))).toMatchObject({
      id: 'ada',
    });
  });

  test('without scopes grants no scope', async () => {
    expect(await present(await sign({ scope: undefined }))).toMatchObject({ scopes: [] });
  });

  test.each<[string, JWTPayload, string]>([
    ['of another issuer', { iss: 'https://evil.example' }, '"iss"'],
    ['without an issuer', { iss: undefined }, '"iss"'],
    ['for another audience', { aud: 'another-api' }, '"aud"'],
    ['without an audience', { aud: undefined }, '"aud"'],
    ['that has expired', { exp: 1 }, 'expired'],
    ['that never expires', { exp: undefined }, '"exp"'],
    ['that is not valid yet', { nbf: 9_999_999_999 }, '"nbf"'],
    ['without a subject', { sub: undefined }, '"sub"'],
    ['with an empty subject', { sub: '' }, '"sub"'],
    ['with a subject that is not a string', { sub: 7 as unknown as string }, '"sub"'],
    ['with a subject that Postgres cannot store', { sub: 'a\0b' }, '"sub"'],
    ['with a subject that is too long', { sub: 'a'.repeat(256) }, '"sub"'],
    ['with an id that is too long', { jti: 'a'.repeat(256) }, '"jti"'],
    ['with an id that is not a string', { jti: 7 as unknown as string }, '"jti"'],
    ['issued at no time', { iat: 'now' as unknown as number }, '"iat"'],
    ['issued in a year that cannot be stored', { iat: 1e15 }, '"iat"'],
    ['with scopes in another format', { scope: ['job:read'] }, '"scope"'],
  ])('%s is refused with the reason', async (_, payload, named) => {
    await expect(present(await sign(payload))).rejects.toMatchObject({
      code: 'unauthenticated',
      message: expect.stringContaining(named),
    });
  });

  describe('of several issuers', () => {
    const other = 'https://other.example';
    let otherKeys: Pair;
    let asked: string[];
    let otherServer: Server;
    let otherUrl: string;
    beforeAll(async () => {
      otherKeys = await createPair('first');
      otherServer = createServer(({ url }, response) => {
        asked.push(url!);
        const document = { issuer: otherUrl, jwks_uri: `${otherUrl}/keys` };
        response.end(JSON.stringify(url === '/keys' ? { keys: [otherKeys.jwk] } : document));
      }).listen(0, '127.0.0.1');
      await once(otherServer, 'listening');
      otherUrl = `http://127.0.0.1:${(otherServer.address() as AddressInfo).port}`;
    });
    beforeEach(() => {
      asked = [];
    });
    afterAll(() => otherServer.close());

    const both = (second: Partial<Issuer>) =>
      createAuthenticate(
        pool.db,
        trusting(
          { issuer, audience, jwksUrl, isDefault: true },
          { issuer: other, audience, isDefault: false, ...second },
        ),
      );

    test('is verified by the keys and the audience of its own one', async () => {
      const verifier = both({ jwksUrl: `${otherUrl}/keys`, audience: 'other-api' });
      const theirs = { key: otherKeys.privateKey };
      const good = { iss: other, aud: 'other-api', sub: 'of-other' };
      expect(await present(await sign(good, theirs), verifier)).toMatchObject({ id: 'of-other' });
      for (const [payload, header] of [
        [good, {}],
        [{ ...good, iss: issuer }, theirs],
        [{ ...good, aud: audience }, theirs],
        [{ ...good, iss: 'https://evil.example' }, theirs],
      ] as const)
        await expect(present(await sign(payload, header), verifier)).rejects.toMatchObject({
          code: 'unauthenticated',
        });
      const [row] = await pool.sql`select issuer from people where subject = 'of-other'`;
      expect(row).toEqual({ issuer: other });
    });

    test('is verified by the keys that its issuer names in the discovery document, which is read once', async () => {
      const verifier = both({ issuer: otherUrl });
      const token = await sign({ iss: otherUrl, sub: 'discovered' }, { key: otherKeys.privateKey });
      for (let at = 0; at < 2; at++)
        expect(await present(token, verifier)).toMatchObject({ id: 'discovered' });
      expect(asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    });

    test('is refused where its issuer calls itself otherwise, and that is not asked again at once', async () => {
      const verifier = both({ issuer: `${otherUrl}/tenant` });
      const token = await sign({ iss: `${otherUrl}/tenant` }, { key: otherKeys.privateKey });
      for (let at = 0; at < 2; at++)
        await expect(present(token, verifier)).rejects.toMatchObject({ code: 'unavailable' });
      expect(asked).toHaveLength(1);
    });
  });

  const scopesWith = async (groups: unknown, operators?: string, about: Partial<Issuer> = {}) => {
    const trust = trusting({ issuer, audience, jwksUrl, isDefault: true, ...about });
    const verifier = createAuthenticate(pool.db, {
      ...trust,
      groups: createGroups({ db: pool.db, log: silentLog }, { ...noGroups, operators }),
    });
    const actor = await present(await sign({ scope: 'job:read operator:read', groups }), verifier);
    return actor.kind === 'user' && actor.scopes;
  };

  const withGroups = (about: Partial<Issuer> = {}) => {
    const settings: GroupSettings = {
      claim: 'groups',
      roles: [
        { group: 'staff', portfolio: 'team', role: 'viewer' },
        { group: 'leads', portfolio: 'team', role: 'owner' },
      ],
    };
    const groups = createGroups({ db: pool.db, log: silentLog }, settings);
    return createAuthenticate(pool.db, {
      issuers: [{ issuer, audience, jwksUrl, isDefault: true, ...about }],
      groups,
    });
  };
  const grouped = (iat: number, groups?: unknown) => sign({ sub: 'grouped', iat, groups });

  describe('with groups', () => {
    test('makes an operator of whoever is in the configured one, and in no other', async () => {
      expect(await scopesWith(['a', 'ops'], 'ops')).toEqual(['job:read', ...operatorScopes]);
      for (const [groups, operators] of [
        [['a', 'Ops'], 'ops'],
        [[['ops']], 'ops'],
        [undefined, 'ops'],
        [['ops', 'undefined'], undefined],
      ] as const)
        expect(await scopesWith(groups, operators)).toEqual(['job:read']);
    });

    test('of a further issuer gives no role and makes no operator, unless its groups count', async () => {
      const further = { isDefault: false };
      expect(await scopesWith(['ops'], 'ops', further)).toEqual(['job:read']);
      const counted = { ...further, givesGroups: true };
      expect(await scopesWith(['ops'], 'ops', counted)).toEqual(['job:read', ...operatorScopes]);
      await present(await grouped(minutesAgo(4), ['staff']), withGroups(further));
      const [row] = await pool.sql`select group_roles as "groupRoles" from people where subject = 'grouped'`;
      expect(row).toEqual({ groupRoles: null });
    });

    test('of two tokens that are used in turn is applied once: the older one says nothing any more', async () => {
      const verifier = withGroups();
      const [older, newer] = [await grouped(minutesAgo(6), ['a']), await grouped(minutesAgo(5), ['b'])];
      await present(newer, verifier);
      const transaction = vi.spyOn(pool.db, 'transaction');
      for (const token of [older, newer, older]) await present(token, verifier);
      expect(transaction).not.toHaveBeenCalled();
      transaction.mockRestore();
    });

    test('gives the highest role of them, a later one changes it, and an older one does not', async () => {
      await pool.sql`
        insert into portfolios (id, slug, name, tagline, description) values ('pf_1', 'team', 'Team', '', '')`;
      await pool.sql`insert into members (portfolio_id, person_id, role) values ('pf_1', 'first-owner', 'owner')`;
      const verifier = withGroups();
      await present(await grouped(minutesAgo(3), ['staff', 'leads', 7]), verifier);
      expect(await rolesOf('grouped')).toEqual([{ role: 'owner' }]);
      await present(await grouped(minutesAgo(2), 'staff'), verifier);
      expect(await rolesOf('grouped')).toEqual([{ role: 'viewer' }]);
      await present(await grouped(minutesAgo(3), ['leads']), verifier);
      await present(await grouped(minutesAgo(1)), verifier);
      expect(await rolesOf('grouped')).toEqual([{ role: 'viewer' }]);
      await present(await grouped(minutesAgo(1), []), verifier);
      expect(await rolesOf('grouped')).toEqual([]);
    });
  });

  const refused = { code: 'unauthenticated', message: expect.stringContaining('signature') as string };

  test('signed with the public key as a shared secret is refused', async () => {
    const rsa = await createPair('rsa', 'RS256');
    published = [first.jwk, rsa.jwk];
    const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
    await expect(present(await sign({}, { key: secret, alg: 'HS256', kid: 'rsa' }))).rejects.toMatchObject(
      refused,
    );
  });

  test('without a signature is refused', async () => {
    const token = new UnsecuredJWT(claims)
      .setIssuer(issuer)
      .setAudience(audience)
      .setExpirationTime('1h')
      .encode();
    await expect(present(token)).rejects.toMatchObject(refused);
  });

  test('that contains its own key is refused', async () => {
    const own = await createPair('own');
    const tokens = [
      await sign({}, { key: own.privateKey, kid: 'own', jwk: own.jwk }),
      await sign({}, { key: own.privateKey, kid: 'first', jwk: { ...own.jwk, kid: 'first' } }),
    ];
    for (const token of tokens) await expect(present(token)).rejects.toMatchObject(refused);
  });

  test.each(['jku', 'x5u'])(
    'that links to its own key (%s) is refused, and the link is not fetched',
    async (name) => {
      const own = await createPair('own');
      let visits = 0;
      const elsewhere = createServer((_request, response) => {
        visits += 1;
        response.end(JSON.stringify({ keys: [own.jwk] }));
      }).listen(0, '127.0.0.1');
      await once(elsewhere, 'listening');
      const url = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/keys`;
      for (const kid of ['own', 'first']) {
        const token = await sign({}, { key: own.privateKey, kid, [name]: url });
        await expect(present(token)).rejects.toMatchObject(refused);
      }
      expect(visits).toBe(0);
      elsewhere.close();
    },
  );

  test.each(['RS512', 'PS384', 'ES384'])(
    'signed with %s, an algorithm that is not allowed, is refused',
    async (alg) => {
      const pair = await createPair(alg, alg);
      published = [first.jwk, pair.jwk];
      const token = await sign({}, { key: pair.privateKey, alg, kid: alg });
      await expect(present(token)).rejects.toMatchObject(refused);
    },
  );

  test('signed with an unpublished key is refused', async () => {
    const unknown = await sign({}, { kid: 'unknown' });
    await expect(present(unknown)).rejects.toMatchObject(refused);
  });

  test('that names another algorithm than that of its key is refused', async () => {
    const rsa = await createPair('rsa', 'RS256');
    published = [first.jwk, rsa.jwk];
    const [, payload, signature] = (await sign({}, { key: rsa.privateKey, alg: 'RS256', kid: 'rsa' })).split(
      '.',
    );
    for (const header of [
      { alg: 'PS256', kid: 'rsa' },
      { alg: 'none', kid: 'rsa' },
      { alg: 'RS256', kid: 'first' },
    ]) {
      const named = Buffer.from(JSON.stringify(header)).toString('base64url');
      await expect(present(`${named}.${payload}.${signature}`)).rejects.toMatchObject(refused);
    }
  });

  test.each(['not.a.token', 'eyJhbGciOiJFUzI1NiJ9.e30', 'x', 'eyJhbGciOiJFUzI1NiJ9..'])(
    'that is malformed (%s) is refused',
    async (token) => {
      await expect(present(token)).rejects.toMatchObject(refused);
    },
  );

  test('that was changed after it was signed is refused', async () => {
    const [header, , signature] = (await sign()).split('.');
    const payload = (await sign({ sub: 'eve' }, { key: (await createPair('other')).privateKey })).split(
      '.',
    )[1];
    await expect(present(`${header}.${payload}.${signature}`)).rejects.toMatchObject(refused);
  });

  test('signed with a new key is accepted once the keys may be fetched again', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() });
    try {
      published = [first.jwk];
      const verifier = createVerifier();
      await present(await sign(), verifier);
      const second = await createPair('second');
      const token = () => sign({}, { key: second.privateKey, kid: 'second' });
      await expect(present(await token(), verifier)).rejects.toMatchObject(refused);

      published = [second.jwk];
      vi.setSystemTime(Date.now() + 31_000);
      expect(await present(await token(), verifier)).toMatchObject({ id: 'ada' });
      await expect(present(await sign(), verifier)).rejects.toMatchObject(refused);
    } finally {
      vi.useRealTimers();
    }
  });

  describe('while the keys of its issuer cannot be fetched', () => {
    const unavailable = {
      code: 'unavailable',
      message: expect.stringContaining('keys of the token issuer') as string,
    };

    test.each([
      ['an error', { status: 500 }],
      ['a redirect', { status: 302 }],
      ['not JSON', { status: 200, body: '<html>' }],
      ['not a key set', { status: 200, body: '{"keys":7}' }],
    ])('since the answer is %s, fails as unavailable', async (_, given) => {
      answer = given;
      try {
        await expect(present(await sign())).rejects.toMatchObject(unavailable);
      } finally {
        answer = undefined;
      }
    });

    test('since the issuer is unreachable, fails as unavailable', async () => {
      await expect(present(await sign(), createVerifier('http://127.0.0.1:1/keys'))).rejects.toMatchObject(
        unavailable,
      );
    });

    test('fails at once where another request waits for the issuer', async () => {
      const visits = new EventEmitter<{ visit: [ServerResponse] }>();
      const slow = createServer((_request, response) => visits.emit('visit', response)).listen(
        0,
        '127.0.0.1',
      );
      await once(slow, 'listening');
      const verifier = createVerifier(`http://127.0.0.1:${(slow.address() as AddressInfo).port}/keys`);
      const attempt = async () => {
        const visit = once(visits, 'visit') as Promise<[ServerResponse]>;
        const presented = present(await sign(), verifier);
        presented.catch(() => {});
        return { presented, response: (await visit)[0] };
      };
      const failed = await attempt();
      failed.response.writeHead(503).end();
      await expect(failed.presented).rejects.toMatchObject(unavailable);

      const next = await attempt();
      for (let at = 0; at < 3; at++)
        await expect(present(await sign(), verifier)).rejects.toMatchObject(unavailable);
      next.response.end(JSON.stringify({ keys: [first.jwk] }));
      expect(await next.presented).toMatchObject({ id: 'ada' });
      expect(await present(await sign(), verifier)).toMatchObject({ id: 'ada' });
      slow.close();
    });

    test('is accepted again once they can be fetched, without a restart', async () => {
      const verifier = createVerifier();
      answer = { status: 503 };
      await expect(present(await sign(), verifier)).rejects.toMatchObject(unavailable);
      answer = undefined;
      published = [first.jwk];
      expect(await present(await sign(), verifier)).toMatchObject({ id: 'ada' });
    });
  });
});
