import dns from 'node:dns';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkUrl, follow, guardedFetch, isPublicAddress } from './guarded-fetch.ts';

const limits = { maxBytes: 1000, timeoutMilliseconds: 30_000 };

const stops: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  for (const stop of stops.splice(0)) await stop();
});

type Listener = (...exchange: Parameters<RequestListener>) => unknown;

/** A web server on loopback, which gives its origin. */
async function serve(listener: Listener): Promise<string> {
  const server = createServer((request, response) => void listener(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((closed) => server.close(closed));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves every name to these addresses. */
function resolveTo(...addresses: string[]) {
  const answer = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const lookup = (_name: string, _options: object, done: (error: null, found: object) => void) =>
    done(null, answer);
  return vi.spyOn(dns, 'lookup').mockImplementation(lookup as never);
}

const forbidden = { name: 'OutboundError', code: 'forbidden_address' };

test.each([
  ['loopback', 'https://127.0.0.1/'],
  ['any other address of this machine', 'https://127.200.3.4/'],
  ['a decimal address', 'https://2130706433/'],
  ['a hexadecimal address', 'https://0x7f000001/'],
  ['a hexadecimal part', 'https://0x7f.1/'],
  ['an octal address', 'https://0177.0.0.1/'],
  ['a short address', 'https://127.1/'],
  ['a trailing dot', 'https://127.0.0.1./'],
  ['full-width digits', 'https://１２７.０.０.１/'],
  ['percent-encoded digits', 'https://%31%32%37.0.0.1/'],
  ['the unspecified address', 'https://0.0.0.0/'],
  ['nought', 'https://0/'],
  ['IPv6 loopback', 'https://[::1]/'],
  ['the unspecified IPv6 address', 'https://[::]/'],
  ['IPv4 mapped to IPv6', 'https://[::ffff:127.0.0.1]/'],
  ['IPv4 mapped to IPv6, hexadecimal', 'https://[::ffff:a00:1]/'],
  ['IPv4-compatible IPv6', 'https://[::127.0.0.1]/'],
  ['IPv4 translated (RFC 2765)', 'https://[::ffff:0:127.0.0.1]/'],
  ['NAT64', 'https://[64:ff9b::7f00:1]/'],
  ['6to4', 'https://[2002:7f00:1::]/'],
  ['Teredo', 'https://[2001:0:7f00:1::]/'],
  ['the metadata service', 'https://169.254.169.254/latest/meta-data/'],
  ['the IPv6 metadata service', 'https://[fd00:ec2::254]/'],
  ['a container credentials service', 'https://169.254.170.2/'],
  ['a carrier-grade NAT', 'https://100.100.100.200/'],
  ['link-local IPv6', 'https://[fe80::1]/'],
  ['a private network, 10/8', 'https://10.1.2.3/'],
  ['a private network, 172.16/12', 'https://172.31.255.1/'],
  ['a private network, 192.168/16', 'https://192.168.0.1/'],
  ['unique local IPv6', 'https://[fc00::1]/'],
  ['multicast', 'https://224.0.0.1/'],
  ['broadcast', 'https://255.255.255.255/'],
  ['a documentation network', 'https://192.0.2.1/'],
  ['credentials', 'https://user:secret@example.com/'],
  ['a user alone', 'https://example.com@127.0.0.1/'],
  ['plain http', 'http://example.com/'],
  ['a file', 'file:///etc/passwd'],
  ['data', 'data:text/plain,hello'],
  ['gopher', 'gopher://127.0.0.1:25/'],
  ['no URL', 'example.com'],
  ['nothing', ''],
])('a hostile URL is refused before anything is sent: %s', async (_, url) => {
  const lookup = vi.spyOn(dns, 'lookup');
  await expect(guardedFetch(url, limits)).rejects.toMatchObject(forbidden);
  expect(lookup).not.toHaveBeenCalled();
});

test.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111', '::ffff:8.8.8.8'])('%s is public', (address) => {
  expect(isPublicAddress(address)).toBe(true);
  expect(checkUrl(`https://[2606:4700::1111]:8443/a?b#c`, false).port).toBe('8443');
});

describe('a host name is refused', () => {
  test.each([
    ['that resolves to this machine', ['127.0.0.1']],
    ['that resolves to IPv6 loopback', ['::1']],
    ['of which one answer of several is private', ['8.8.8.8', '10.0.0.1']],
    ['that resolves to a mapped address', ['::ffff:169.254.169.254']],
    ['that resolves to a zone of this machine', ['fe80::1%eth0']],
  ])('%s', async (_, addresses) => {
    resolveTo(...addresses);
    await expect(guardedFetch('https://innocent.example/', limits)).rejects.toMatchObject(forbidden);
  });

  test('that is this machine by its name', async () => {
    await expect(guardedFetch('https://localhost/', limits)).rejects.toMatchObject(forbidden);
  });
});

const redirectTo = (location: string) => ({
  status: 302,
  headers: { location },
  body: Readable.from(['x']),
});

describe('a redirect', () => {
  test.each([
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://169.254.169.254/',
    '//2130706433/',
    'http://example.com/',
    'https://a:b@example.com/',
    'file:///etc/passwd',
    'https://%zz/',
  ])('to %s is refused before it is followed', async (location) => {
    const send = vi.fn<() => Promise<ReturnType<typeof redirectTo>>>(async () => redirectTo(location));
    const request = follow('https://example.com/', { ...limits, maxRedirects: 5 }, send);
    await expect(request).rejects.toMatchObject(forbidden);
    expect(send).toHaveBeenCalledTimes(1);
  });

  test('is followed where it leads, as often as allowed and no more', async () => {
    const origin = await serve((request, response) => {
      const left = Number(request.url!.slice(1));
      if (left === 0) return response.end('there');
      return response.writeHead(307, { location: `/${left - 1}` }).end();
    });
    const options = { ...limits, maxRedirects: 3, allowPrivate: true };
    const { status, url, body } = await guardedFetch(`${origin}/3`, options);
    expect([status, url, await text(body)]).toEqual([200, `${origin}/0`, 'there']);
    await expect(guardedFetch(`${origin}/4`, options)).rejects.toMatchObject({ code: 'too_many_redirects' });
  });

  test('is the answer where none may be followed, and always that of a POST', async () => {
    let requests = 0;
    const origin = await serve((_request, response) => {
      requests += 1;
      response.writeHead(308, { location: '/elsewhere' }).end();
    });
    const got = await guardedFetch(origin, { ...limits, allowPrivate: true });
    const posted = await guardedFetch(origin, {
      ...limits,
      method: 'POST',
      body: '{}',
      maxRedirects: 5,
      allowPrivate: true,
    });
    expect([got.status, posted.status, posted.headers.location, requests]).toEqual([
      308,
      308,
      '/elsewhere',
      2,
    ]);
    got.body.destroy();
    posted.body.destroy();
  });
});

test('method, headers and body arrive, and the answer comes back whole', async () => {
  const origin = await serve(async (request, response) => {
    const { method, headers } = request;
    response.writeHead(404, { 'x-answer': 'yes' });
    response.end(JSON.stringify([method, headers['x-test'], await text(request)]));
  });
  const { status, headers, body } = await guardedFetch(`${origin}/hook`, {
    ...limits,
    method: 'POST',
    headers: { 'x-test': 'one' },
    body: 'payload',
    allowPrivate: true,
  });
  expect([status, headers['x-answer']]).toEqual([404, 'yes']);
  expect(JSON.parse(await text(body))).toEqual(['POST', 'one', 'payload']);
});

test('a body that is too large is cut off while it comes', async () => {
  const origin = await serve((request, response) => response.end('x'.repeat(Number(request.url!.slice(1)))));
  const options = { ...limits, allowPrivate: true };
  expect(await text((await guardedFetch(`${origin}/1000`, options)).body)).toHaveLength(1000);
  const { body } = await guardedFetch(`${origin}/1001`, options);
  await expect(text(body)).rejects.toMatchObject({ code: 'too_large' });
});

test.each<[string, Listener]>([
  ['never answers', () => {}],
  ['never ends its body', (_request, response) => response.write('begun')],
])('a server that %s is given up', async (_, listener) => {
  const origin = await serve(listener);
  const read = async () => {
    const options = { ...limits, timeoutMilliseconds: 200, allowPrivate: true };
    return text((await guardedFetch(origin, options)).body);
  };
  await expect(read()).rejects.toMatchObject({ code: 'timed_out' });
});

test('the caller can give up, and then gets its own reason', async () => {
  const asked = Promise.withResolvers<void>();
  const origin = await serve(() => asked.resolve());
  const giveUp = new AbortController();
  const request = guardedFetch(origin, { ...limits, allowPrivate: true, signal: giveUp.signal });
  await asked.promise;
  giveUp.abort(new Error('no longer needed'));
  await expect(request).rejects.toThrow('no longer needed');
});

test('a server that is not there, or breaks off, is unreachable', async () => {
  const origin = await serve((request) => request.socket.destroy());
  const fetchIt = () => guardedFetch(origin, { ...limits, allowPrivate: true });
  await expect(fetchIt()).rejects.toMatchObject({ code: 'unreachable' });
  for (const stop of stops.splice(0)) await stop();
  await expect(fetchIt()).rejects.toMatchObject({ code: 'unreachable' });
});
