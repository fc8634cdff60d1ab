import ipaddr from 'ipaddr.js';
import type { LookupAddress } from 'node:dns';
import dns from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { type Readable, Transform } from 'node:stream';
import { callbackify } from 'node:util';
import { Client, buildConnector, errors, request } from 'undici';
import { SpanKind, inSpan } from '../telemetry/trace.ts';

/** Why a guarded request failed. Only the last two may succeed on a retry. */
type OutboundErrorCode =
  | 'forbidden_address'
  | 'too_many_redirects'
  | 'too_large'
  | 'timed_out'
  | 'unreachable';

/** A failed guarded request. Its message is for the user who gave the URL: it contains no IP address. */
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
  /** The maximum size of the response body as it is transferred. It is never decompressed. */
  maxBytes: number;
  /** The timeout for the whole exchange, up to the last byte of the body. */
  timeoutMilliseconds: number;
  /** The timeout for the response headers, and between two chunks of its body; 30 s by default. */
  idleMilliseconds?: number;
  /** How many redirects a GET or HEAD follows. With 0, and for a POST, the redirect itself is returned. */
  maxRedirects?: number;
  /** Allows plain http and addresses that are not public: for tests, and if a setting allows it. */
  allowPrivate?: boolean;
  signal?: AbortSignal | undefined;
};

type Headers = Record<string, string | string[] | undefined>;

/** A response of any status. `url` is the final one after redirects. Read or destroy the body. */
export type GuardedResponse = { status: number; headers: Headers; url: string; body: Readable };

type Hop = { url: URL; options: GuardedRequest; signal: AbortSignal };
type Send = (hop: Hop) => Promise<{ status: number; headers: Headers; body: Readable }>;

/**
 * Fetches a user-given URL, and connects to public addresses only (against SSRF). The addresses in the URL and in every
 * DNS answer are checked, and the connection goes to a checked one. Only the given headers are sent, and only harmless
 * ones of them to another origin. There are no proxies, cookies, HTTP/2 or reused connections.
 *
 * @throws OutboundError if the URL is forbidden, unreachable or too large; the reason of `signal` if it is aborted.
 */
export function guardedFetch(url: string, options: GuardedRequest): Promise<GuardedResponse> {
  return follow(url, options, sendOnce);
}

/** As `guardedFetch`, with a given function that sends one request. Every hop is checked before it is sent. */
export async function follow(start: string, options: GuardedRequest, send: Send): Promise<GuardedResponse> {
  const { method = 'GET', timeoutMilliseconds, allowPrivate = false } = options;
  const maxRedirects = method === 'POST' ? 0 : (options.maxRedirects ?? 0);
  const deadline = AbortSignal.timeout(timeoutMilliseconds);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  let url = checkUrl(start, allowPrivate);
  let sent = options;
  for (let redirects = 0; ; redirects += 1) {
    const hop = { url, options: sent, signal };
    const { status, headers, body } = await sendTraced(hop, send, (error) =>
      explain(error, options, deadline),
    );
    const target = redirectTarget(status, headers, url);
    if (target === undefined || maxRedirects === 0) {
      return { status, headers, url: url.href, body: capped(body, headers, options, deadline) };
    }
    body.on('error', () => {}).destroy();
    if (redirects === maxRedirects) {
      throw new OutboundError('too_many_redirects', `The URL redirects more than ${maxRedirects} times.`);
    }
    const next = checkUrl(target, allowPrivate);
    if (next.origin !== url.origin) sent = { ...options, headers: harmlessOf(options.headers) };
    url = next;
  }
}

/** Sends one request, in a span where the caller is traced. Its URL is a user's, so the span has nothing of it but the scheme. */
function sendTraced(hop: Hop, send: Send, explained: (error: unknown) => unknown): ReturnType<Send> {
  const { method = 'GET' } = hop.options;
  const attributes = { 'http.request.method': method, 'url.scheme': hop.url.protocol.replace(':', '') };
  return inSpan(method, { kind: SpanKind.CLIENT, attributes }, async (span) => {
    try {
      const answer = await send(hop);
      span?.setAttribute('http.response.status_code', answer.status);
      return answer;
    } catch (error) {
      throw explained(error);
    }
  });
}

/** The headers that another origin may get after a redirect: none of them can be a secret. */
const harmless = ['accept', 'user-agent', 'range', 'if-range', 'if-none-match', 'if-modified-since'];

function harmlessOf(headers: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => harmless.includes(name.toLowerCase())),
  );
}

/**
 * Parses a URL that may be fetched: https, without credentials, with a public address or name. Of the ports below 1024,
 * only 443 is allowed, so that requests cannot reach mail servers and the like.
 *
 * @throws OutboundError `forbidden_address`.
 */
export function checkUrl(text: string, allowPrivate: boolean): URL {
  // Parsers handle these characters differently.
  const url = /[\p{Cc}\s\\]/u.test(text) ? null : URL.parse(text);
  if (!url) throw forbidden('The URL is not valid.');
  const schemes = allowPrivate ? ['https:', 'http:'] : ['https:'];
  if (!schemes.includes(url.protocol)) throw forbidden('Only https URLs are allowed.');
  if (url.username || url.password) throw forbidden('The URL must not contain credentials.');
  if (!allowPrivate) checkPublic(url);
  return url;
}

function checkPublic({ hostname, port }: URL): void {
  const host = hostname.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '');
  if (ipaddr.isValid(host)) {
    if (!isPublicAddress(host)) throw forbidden(notPublic);
  } else if (!host.includes('.') || localNames.test(host)) {
    throw forbidden('The host of the URL is a name of a local network.');
  }
  if (port !== '' && Number(port) < 1024)
    throw forbidden(`Port ${port} is not allowed: of the ports below 1024, only 443 is.`);
}

/** Names that no public DNS resolves (RFC 6761, 6762 and 8375; `internal` by ICANN), such as cloud metadata services. */
const localNames = /\.(localhost|local|internal|home\.arpa)$/;

/** A public address that serves metadata within the virtual machines of Azure. */
const azureMetadata = '168.63.129.16';

/** True only for addresses of the public Internet: not for private, local or reserved ones, or tunnels to them. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast' || parsed.toString() === azureMetadata) return false;
  // Of IPv6, only 2000::/3 is routed (RFC 4291). Others include `::127.0.0.1`, for example.
  return parsed.kind() === 'ipv4' || (parsed.toByteArray()[0]! & 0b1110_0000) === 0b0010_0000;
}

const notPublic = 'The host of the URL has an address that is not public.';
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
 * Queries DNS, and refuses a name if any of its addresses is not public. `dns.lookup` would occupy one of a few threads
 * for each name, so that names without an answer would block all others of the process.
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

/** How much may be transferred beside the body, such as headers. */
const frameBytes = 1024 * 1024;

/** Disconnects if far more bytes arrive than the body may have: a server can send endless data outside of a body. */
const limited =
  (connect: buildConnector.connector, maxBytes: number): buildConnector.connector =>
  (target, done) =>
    connect(target, (...[error, socket]) => {
      if (error) return done(error, null);
      socket.on('readable', () => {
        if (socket.bytesRead <= 2 * maxBytes + frameBytes) return;
        socket.destroy(new OutboundError('too_large', `The server sends far more than ${maxBytes} bytes.`));
      });
      return done(null, socket);
    });

/** A server may send interim responses (1xx), but not without end. */
const maxInterim = 20;

const sendOnce: Send = async ({ url, options, signal }) => {
  const { method = 'GET', headers, body, maxBytes, idleMilliseconds = 30_000, allowPrivate } = options;
  // Each request has its own connection: excess data is never taken for the response to another request.
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
      if (interim > maxInterim) {
        flooded.abort(new OutboundError('unreachable', 'The server sends no final response.'));
      }
    },
    signal: AbortSignal.any([signal, flooded.signal]),
  });
  // Closes it after its only request.
  void client.close();
  const answer = await answering;
  return { status: answer.statusCode, headers: answer.headers, body: answer.body };
};

function redirectTarget(status: number, { location }: Headers, base: URL): string | undefined {
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string') return undefined;
  return URL.parse(location, base.href)?.href ?? location;
}

/** The body, which fails once it is longer than allowed, or immediately if its announced length is. */
function capped(body: Readable, headers: Headers, options: GuardedRequest, deadline: AbortSignal): Readable {
  const tooLarge = () =>
    new OutboundError('too_large', `The response is larger than ${options.maxBytes} bytes.`);
  let sizeBytes = 0;
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sizeBytes += chunk.length;
      return sizeBytes <= options.maxBytes ? done(null, chunk) : done(tooLarge());
    },
  });
  const fail = (error?: unknown) => counted.destroy(explain(error, options, deadline));
  // The reader gets the explained error, even if it occurs before reading starts.
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
    return new OutboundError(
      'timed_out',
      `The request took longer than ${timeoutMilliseconds / 1000} s.`,
      error,
    );
  }
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new OutboundError('timed_out', 'The server stopped sending data.', error);
  }
  if (error instanceof errors.HeadersOverflowError) {
    return new OutboundError('too_large', 'The response headers are too large.', error);
  }
  return new OutboundError('unreachable', 'The server is unreachable, or closed the connection.', error);
}
