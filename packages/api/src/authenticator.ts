import { type Actor, anonymous } from '@portfolio/core/actor';
import type { LimitLeft } from '@portfolio/core/context';
import { AppError } from '@portfolio/core/errors';
import { looksLikeApiKey } from '@portfolio/core/api-key/issue';
import { type RateCounter, windowSeconds } from '@portfolio/core/runtime/rate-limit';
import { access } from '@portfolio/core/telemetry/contract';
import { hash } from 'node:crypto';
import type { Authenticate } from './authenticate.ts';
import { networkOf } from './client-address.ts';
import { bearerOf, isSession } from './credential.ts';

export type RateLimits = {
  counter: RateCounter;
  /** Of a user, whatever the credential, or of a portfolio's key. */
  perMinute: number;
  /** Of all keys of a portfolio together. */
  portfolioPerMinute: number;
  /** Of an address: operations without a credential, and as many credentials that are refused. */
  anonymousPerMinute: number;
};

/** Who or what calls are counted against, and how many it may make per window. */
type Limit = { name: string; policy: keyof typeof subjects; limit: number };

/** What is left of the limit that is nearest to its end. */
export type Taken = Limit & { remaining: number; resetSeconds: number };

/** The error for a limit that is exceeded, which is counted. */
function exceeded(taken: Taken): LimitExceeded {
  access.limited.add(1, { policy: taken.policy });
  return new LimitExceeded(taken);
}

const subjects = {
  credential: 'operations per minute per credential',
  portfolio: 'operations per minute of all keys of a portfolio',
  address: 'operations per minute per address without a credential',
  'failed-authentication': 'refused credentials per minute per address',
};

/** A limit is exceeded; no operation was counted. */
export class LimitExceeded extends AppError {
  readonly taken: Taken;

  constructor(taken: Taken) {
    const { policy, limit, resetSeconds } = taken;
    super(
      'too_many_requests',
      `Rate limit exceeded (${limit} ${subjects[policy]}). Retry in ${resetSeconds} s.`,
    );
    this.taken = taken;
  }
}

/** The number of credentials of each sort that a process remembers. */
const maxRemembered = 10_000;
/** How long a refused credential is refused without another look-up: a token may become valid, as when keys rotate. */
const refusedMilliseconds = 10_000;

type Refusal = { error: AppError; until: number };

/**
 * Identifies callers: limits first, then the credential. A caller beyond its limit, an address with too many refused
 * credentials, and a credential that was just refused are refused without a query.
 */
export class Authenticator {
  readonly #authenticate: Authenticate;
  readonly #limits: RateLimits | undefined;
  /** The limits of credentials that were valid when last used, by their hash. They are still looked up each time. */
  readonly #valid = new Map<string, Limit[]>();
  readonly #refused = new Map<string, Refusal>();
  /** Credentials not seen before that are being looked up, so that a burst of requests with one is one look-up. */
  readonly #pending = new Map<string, Promise<Actor>>();

  constructor(authenticate: Authenticate, limits?: RateLimits) {
    this.#authenticate = authenticate;
    this.#limits = limits;
  }

  /** Counts operations of an anonymous caller. Throws `LimitExceeded`. */
  admitAnonymous(address: string, cost: number): Taken | undefined {
    return this.#limits && take(this.#limits.counter, [this.#addressLimit('address', address)], cost);
  }

  /** Authenticates a caller and counts its operations. Throws `LimitExceeded`, or what the authentication throws. */
  async admit(
    credential: string | undefined,
    address: string,
    cost: number,
  ): Promise<{ actor: Actor; taken: Taken | undefined }> {
    if (!credential) return { actor: anonymous, taken: this.admitAnonymous(address, cost) };
    // The scheme and the space after it may be written in many ways.
    const id = hash('sha256', credential.replace(/^bearer +/i, 'Bearer '), 'base64');
    this.#refuseSpent(id, address, cost);
    const isNew = !this.#valid.has(id);
    const actor = await this.#identify(id, credential, address);
    const limits = this.#limitsOf(actor);
    remember(this.#valid, id, limits);
    try {
      return { actor, taken: this.#limits && take(this.#limits.counter, limits, cost) };
    } catch (error) {
      // A token can be written in many ways as well: each would be looked up, although its subject has nothing left.
      if (isNew) this.#countRefusal(address);
      throw error;
    }
  }

  /** What is left of each limit of a caller. Counts nothing. */
  left(actor: Actor): LimitLeft[] {
    return this.#limits ? readLeft(this.#limits.counter, this.#limitsOf(actor)) : [];
  }

  /** Throws where the limits of a known credential, or the refusals of the address, leave nothing. */
  #refuseSpent(id: string, address: string, cost: number) {
    if (!this.#limits) return;
    const { counter } = this.#limits;
    const valid = this.#valid.get(id);
    if (valid) requireLeft(counter, valid, cost);
    else requireLeft(counter, [this.#addressLimit('failed-authentication', address)], 1);
  }

  async #identify(id: string, credential: string, address: string): Promise<Actor> {
    const refusal = this.#refused.get(id);
    if (refusal && refusal.until > Date.now()) {
      access.failures.add(1, { reason: sortOf(credential) });
      this.#countRefusal(address);
      throw refusal.error;
    }
    try {
      if (this.#valid.has(id)) return await this.#authenticate(credential, address);
      let pending = this.#pending.get(id);
      if (!pending) {
        pending = this.#authenticate(credential, address).finally(() => this.#pending.delete(id));
        this.#pending.set(id, pending);
      }
      return await pending;
    } catch (error) {
      if (error instanceof AppError && error.code === 'unauthenticated') {
        access.failures.add(1, { reason: sortOf(credential) });
        this.#valid.delete(id);
        remember(this.#refused, id, { error, until: Date.now() + refusedMilliseconds });
        this.#countRefusal(address);
      }
      throw error;
    }
  }

  #countRefusal(address: string) {
    this.#limits?.counter.take(
      this.#addressLimit('failed-authentication', address).name,
      1,
      this.#limits.anonymousPerMinute,
    );
  }

  #limitsOf(actor: Actor): Limit[] {
    if (!this.#limits || actor.kind === 'anonymous') return [];
    const { perMinute, portfolioPerMinute } = this.#limits;
    const own: Limit = { name: `${actor.kind} ${actor.id}`, policy: 'credential', limit: perMinute };
    if (actor.kind !== 'portfolio-key') return [own];
    return [own, { name: `portfolio ${actor.portfolioId}`, policy: 'portfolio', limit: portfolioPerMinute }];
  }

  #addressLimit(policy: 'address' | 'failed-authentication', address: string): Limit {
    return { name: `${policy} ${networkOf(address)}`, policy, limit: this.#limits!.anonymousPerMinute };
  }
}

/** What a credential is, valid or not. */
function sortOf(credential: string): 'key' | 'token' | 'session' {
  if (isSession(credential)) return 'session';
  return looksLikeApiKey(bearerOf(credential) ?? '') ? 'key' : 'token';
}

const readLeft = (counter: RateCounter, limits: Limit[]) =>
  limits.map((each) => ({ ...each, ...counter.take(each.name, 0, each.limit) }));

/** Throws `LimitExceeded` unless each limit leaves `cost`. Counts nothing. */
function requireLeft(counter: RateCounter, limits: Limit[], cost: number): void {
  const spent = readLeft(counter, limits).find(({ remaining }) => remaining < cost);
  if (spent) throw exceeded(spent);
}

/** Counts `cost` against all limits, or against none. Returns the one with the least left; throws `LimitExceeded`. */
function take(counter: RateCounter, limits: Limit[], cost: number): Taken {
  if (limits.length > 1) requireLeft(counter, limits, cost);
  const taken = limits.map((each) => ({ ...each, ...counter.take(each.name, cost, each.limit) }));
  const refused = taken.find(({ allowed }) => !allowed);
  if (refused) throw exceeded(refused);
  return taken.reduce((least, each) => (each.remaining < least.remaining ? each : least));
}

/** Adds an entry as the newest; forgets the oldest beyond the maximum. */
function remember<Value>(map: Map<string, Value>, key: string, value: Value) {
  map.delete(key);
  map.set(key, value);
  if (map.size > maxRemembered) map.delete(map.keys().next().value!);
}

/** The headers that report a limit (draft-ietf-httpapi-ratelimit-headers-10). */
export const headersOf = ({ policy, limit, remaining, resetSeconds }: Taken) => ({
  'ratelimit-policy': `"${policy}";q=${limit};w=${windowSeconds}`,
  ratelimit: `"${policy}";r=${remaining};t=${resetSeconds}`,
});
