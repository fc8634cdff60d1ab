import ipaddr from 'ipaddr.js';
import type { LookupAddress } from 'node:dns';
import dns from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { type Readable, Transform } from 'node:stream';
import { callbackify } from 'node:util';
import { Client, buildConnector, errors, request } from 'undici';

/** Why a guarded request came to nothing. Trying again mends only the last two. */
type OutboundErrorCode =
  | 'forbidden_address'
  | 'too_many_redirects'
  | 'too_large'
  | 'timed_out'
  | 'unreachable';

/** A guarded request that came to nothing. Its message is for the one who gave the URL: it names no address. */
export class OutboundError extends Error {
  readonly code: OutboundErrorCode;

  constructor(code: OutboundErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'OutboundError';
    this.code = code;
  }
}

type GuardedRequest = {
  method?: 'GET' | 'HEAD' | 'POST';
  headers?: Record<string, string>;
  body?: string | Uint8Array;
  /** Of the answer's body, as it comes over the wire: it is never decompressed. */
  maxBytes: number;
  /** For all of it, to the last byte of the body. */
  timeoutMilliseconds: number;
  /** For the answer's head, and between any two pieces of its body; half a minute if left out. */
  idleMilliseconds?: number;
  /** How many redirects a GET or HEAD follows; with 0, and for a POST, the redirect is the answer. */
  maxRedirects?: number;
  /** Lets plain http and addresses that are not public through: for tests, and where a setting says so. */
  allowPrivate?: boolean;
  signal?: AbortSignal | undefined;
};

type Headers = Record<string, string | string[] | undefined>;

/** An answer of any status. `url` is where it came from after redirects; read or destroy the body. */
export type GuardedResponse = { status: number; headers: Headers; url: string; body: Readable };

type Hop = { url: URL; options: GuardedRequest; signal: AbortSignal };
type Send = (hop: Hop) => Promise<{ status: number; headers: Headers; body: Readable }>;

/**
 * Fetches a URL that somebody else chose, without reaching anything but public addresses (SSRF). The address is
 * checked as it stands in the URL and in every DNS answer, and the connection goes to the checked one. Nothing is sent
 * but the given headers, and of those only harmless ones to another origin. No proxy, cookie, HTTP/2 or reused
 * connection.
 *
 * @throws OutboundError where it may not be fetched, cannot be, or is too large; the reason of `signal` if that fired.
 */
export function guardedFetch(url: string, options: GuardedRequest): Promise<GuardedResponse> {
  return follow(url, options, sendOnce);
}

/** As `guardedFetch`, by a given way to send one request: every hop is checked before it is sent. */
export async function follow(start: string, options: GuardedRequest, send: Send): Promise<GuardedResponse> {
  const { method = 'GET', timeoutMilliseconds, allowPrivate = false } = options;
  const maxRedirects = method === 'POST' ? 0 : (options.maxRedirects ?? 0);
  const deadline = AbortSignal.timeout(timeoutMilliseconds);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  let url = checkUrl(start, allowPrivate);
  let sent = options;
  for (let redirects = 0; ; redirects += 1) {
    const { status, headers, body } = await send({ url, options: sent, signal }).catch((error: unknown) => {
      throw explain(error, options, deadline);
    });
    const target = redirectTarget(status, headers, url);
    if (target === undefined || maxRedirects === 0) {
      return { status, headers, url: url.href, body: capped(body, headers, options, deadline) };
    }
    body.on('error', () => {}).destroy();
    if (redirects === maxRedirects) {
      throw new OutboundError('too_many_redirects', `It redirects more than ${maxRedirects} times.`);
    }
    const next = checkUrl(target, allowPrivate);
    if (next.origin !== url.origin) sent = { ...options, headers: harmlessOf(options.headers) };
    url = next;
  }
}

/** What another origin than the one that was asked may get to see: none of it can be a secret. */
const harmless = ['accept', 'user-agent', 'range', 'if-range', 'if-none-match', 'if-modified-since'];

function harmlessOf(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => harmless.includes(name.toLowerCase())),
  );
}

/**
 * Parses a URL that may be fetched: https, no credentials, no address and no name that is not public. Of the system's
 * ports only 443: mail servers and the like are not to be talked to in the platform's name.
 *
 * @throws OutboundError `forbidden_address`.
 */
export function checkUrl(text: string, allowPrivate: boolean): URL {
  // Parsers drop, move or translate these, and not all alike.
  const url = /[\p{Cc}\s\\]/u.test(text) ? null : URL.parse(text);
  if (!url) throw forbidden('It is no URL.');
  const schemes = allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) throw forbidden('Only https may be fetched.');
  if (url.username || url.password) throw forbidden('A URL that is fetched must not hold credentials.');
  if (!allowPrivate) checkPublic(url);
  return url;
}

function checkPublic({ hostname, port }: URL): void {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (ipaddr.isValid(host)) {
    if (!isPublicAddress(host)) throw forbidden(notPublic);
  } else if (!host.includes('.') || localNames.test(host)) {
    throw forbidden('Its host has a name of a local network.');
  }
  if (port !== '' && Number(port) < 1024)
    throw forbidden('Of the ports below 1024, only 443 may be reached.');
}

/** Names that no public DNS gives out (RFC 6761, 6762 and 8375; `internal` by ICANN), as clouds name their metadata. */
const localNames = /\.(localhost|local|internal|home\.arpa)$/;

/** A public address that Azure answers itself, from within its machines: their metadata. */
const azureMetadata = '168.63.129.16';

/** True for the addresses of the public Internet alone: none that is private, local, reserved or a way to such. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast' || parsed.toString() === azureMetadata) return false;
  // Of IPv6, 2000::/3 is all that is routed (RFC 4291); elsewhere is `::127.0.0.1`, for one.
  return parsed.kind() === 'ipv4' || (parsed.toByteArray()[0]! & 0b1110_0000) === 0b0010_0000;
}

const notPublic = 'Its host has an address that is not public.';
const forbidden = (why: string) => new OutboundError('forbidden_address', why);

const lookupPublic: LookupFunction = (hostname, options, done) => {
  withPublic(hostname, (error, found) => {
    if (error) return done(error, '');
    if (options.all) return done(null, found);
    const [first] = found;
    return done(null, first!.address, first!.family);
  });
};

/**
 * Asks DNS, and refuses a name if any of its addresses is not public. The system's own way would hold one of a few
 * threads for each name: those that are never answered would have all other names of the process wait.
 */
async function resolvePublic(hostname: string): Promise<LookupAddress[]> {
  const answers = await Promise.allSettled([dns.resolve4(hostname), dns.resolve6(hostname)]);
  const found = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled'
      ? answer.value.map((address) => ({ address, family: index === 0 ? 4 : 6 }))
      : [],
  );
  if (!found.every(({ address }) => isPublicAddress(address))) throw forbidden(notPublic);
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (found.length === 0) throw failed?.reason;
  return found;
}

const withPublic = callbackify(resolvePublic);

const publicOnly = buildConnector({ allowH2: false, lookup: lookupPublic });
const anywhere = buildConnector({ allowH2: false });

/** What may come around a body of any size, such as heads of answers. */
const frameBytes = 1024 * 1024;

/** Connects, and breaks off where much more comes than the body may have: there are ways to fill a line without one. */
const limited =
  (connect: buildConnector.connector, maxBytes: number): buildConnector.connector =>
  (target, done) =>
    connect(target, (...[error, socket]) => {
      if (error) return done(error, null);
      socket.on('readable', () => {
        if (socket.bytesRead <= 2 * maxBytes + frameBytes) return;
        socket.destroy(new OutboundError('too_large', `It sends far more than ${maxBytes} bytes.`));
      });
      return done(null, socket);
    });

/** A server may say that it is busy before it answers, but not without end. */
const maxInterim = 20;

const sendOnce: Send = async ({ url, options, signal }) => {
  const { method = 'GET', headers, body, maxBytes, idleMilliseconds = 30_000, allowPrivate } = options;
  // Each request has a connection of its own: what a server sends too much is never taken for a next answer.
  const connect = limited(allowPrivate ? anywhere : publicOnly, maxBytes);
  const client = new Client(url.origin, { allowH2: false, pipelining: 0, connect });
  const flooded = new AbortController();
  let interim = 0;
  const answering = request(url, {
    method,
    headers: { 'accept-encoding': 'identity', ...headers },
    body: body ?? null,
    dispatcher: client,
    headersTimeout: idleMilliseconds,
    bodyTimeout: idleMilliseconds,
    onInfo: () => {
      interim += 1;
      if (interim > maxInterim) flooded.abort(new OutboundError('unreachable', 'Its server never answers.'));
    },
    signal: AbortSignal.any([signal, flooded.signal]),
  });
  // It ends with its one request.
  void client.close();
  const answer = await answering;
  return { status: answer.statusCode, headers: answer.headers, body: answer.body };
};

function redirectTarget(status: number, { location }: Headers, base: URL): string | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string') return undefined;
  return URL.parse(location, base.href)?.href ?? location;
}

/** The body, which fails once it is longer than the request allows, and at once where its length is announced. */
function capped(body: Readable, headers: Headers, options: GuardedRequest, deadline: AbortSignal): Readable {
  const tooLarge = () => new OutboundError('too_large', `It is larger than ${options.maxBytes} bytes.`);
  let sizeBytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      return sizeBytes <= options.maxBytes ? done(null, chunk) : done(tooLarge());
    },
  });
  const fail = (error?: unknown) => counted.destroy(explain(error, options, deadline));
  // Who reads gets the error, also where it comes before the reading begins: it must be the explained one by then.
  body.on('error', fail).on('close', () => body.readableEnded || fail());
  counted.on('error', () => {}).on('close', () => body.destroy());
  body.pipe(counted);
  if (options.method !== 'HEAD' && Number(headers['content-length']) > options.maxBytes) {
    counted.destroy(tooLarge());
  }
  return counted;
}

function explain(error: unknown, { signal, timeoutMilliseconds }: GuardedRequest, deadline: AbortSignal) {
  if (error instanceof OutboundError) return error;
  if (signal?.aborted) return signal.reason as Error;
  if (deadline.aborted) {
    return new OutboundError('timed_out', `It took longer than ${timeoutMilliseconds / 1000} s.`, error);
  }
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new OutboundError('timed_out', 'Its server fell silent.', error);
  }
  if (error instanceof errors.HeadersOverflowError) {
    return new OutboundError('too_large', 'Its headers are too large.', error);
  }
  return new OutboundError('unreachable', 'Its server cannot be reached, or broke off.', error);
}
