import { createSocket } from 'node:dgram';
import dns from 'node:dns/promises';
import { createServer, type RequestListener } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { eventually } from '../../../../tests/support/eventually.ts';
import { selfSigned } from '../../../../tests/support/certificate.ts';
import { checkUrl, follow, guardedFetch, isPublicAddress } from './guarded-fetch.ts';

const limits = { maxBytes: 1000, timeoutMilliseconds: 30_000 };

const stops: (() => unknown)[] = [];
afterEach(async () => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
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
  const of = (family: number) => addresses.filter((address) => net.isIP(address) === family);
  const noData = Object.assign(new Error('no data'), { code: 'ENODATA' });
  const answer = (found: string[]) => (found.length > 0 ? Promise.resolve(found) : Promise.reject(noData));
  return [
    vi.spyOn(dns, 'resolve4').mockImplementation(() => answer(of(4))),
    vi.spyOn(dns, 'resolve6').mockImplementation(() => answer(of(6))),
  ];
}

const forbidden = { name: 'OutboundError', code: 'forbidden_address' };

const notPublic = 'not public';
const localName = 'name of a local network';
const noUrl = 'not valid';
const otherScheme = 'Only https';
const credentials = 'credentials';
const port = 'Port';

test.each([
  ['loopback', notPublic, 'https://127.0.0.1/'],
  ['any other address of this machine', notPublic, 'https://127.200.3.4/'],
  ['a decimal address', notPublic, 'https://2130706433/'],
  ['a decimal address of the metadata service', notPublic, 'https://2852039166/'],
  ['a hexadecimal address', notPublic, 'https://0x7f000001/'],
  ['a hexadecimal address in capitals', notPublic, 'https://0X7F000001/'],
  ['hexadecimal parts', notPublic, 'https://0xa9.0xfe.0xa9.0xfe/'],
  ['a hexadecimal part', notPublic, 'https://0x7f.1/'],
  ['an octal address', notPublic, 'https://0177.0.0.1/'],
  ['an octal address with more noughts', notPublic, 'https://00000177.0.0.01/'],
  ['an octal number', notPublic, 'https://017700000001/'],
  ['a short address', notPublic, 'https://127.1/'],
  ['a short address of three parts', notPublic, 'https://10.1.2/'],
  ['a short private address', notPublic, 'https://192.168.257/'],
  ['a trailing dot', notPublic, 'https://127.0.0.1./'],
  ['full-width digits', notPublic, 'https://１２７.０.０.１/'],
  ['ideographic full stops', notPublic, 'https://127。0。0。1/'],
  ['half-width full stops', notPublic, 'https://127｡0｡0｡1/'],
  ['full-width full stops', notPublic, 'https://127．0．0．1/'],
  ['digits in circles', notPublic, 'https://①②⑦.⓪.⓪.①/'],
  ['percent-encoded digits', notPublic, 'https://%31%32%37.0.0.1/'],
  ['a percent-encoded dot', notPublic, 'https://127%2e0%2e0%2e1/'],
  ['a soft hyphen', notPublic, 'https://127.0.0\u00AD.1/'],
  ['the unspecified address', notPublic, 'https://0.0.0.0/'],
  ['nought', notPublic, 'https://0/'],
  ['this network', notPublic, 'https://0.1.2.3/'],
  ['IPv6 loopback', notPublic, 'https://[::1]/'],
  ['IPv6 loopback in full', notPublic, 'https://[0000:0000:0000:0000:0000:0000:0000:0001]/'],
  ['the unspecified IPv6 address', notPublic, 'https://[::]/'],
  ['IPv4 mapped to IPv6', notPublic, 'https://[::ffff:127.0.0.1]/'],
  ['IPv4 mapped to IPv6, hexadecimal', notPublic, 'https://[::ffff:a00:1]/'],
  ['IPv4 mapped to IPv6, in full', notPublic, 'https://[0:0:0:0:0:ffff:a9fe:a9fe]/'],
  ['IPv4-compatible IPv6', notPublic, 'https://[::127.0.0.1]/'],
  ['a public address, IPv4-compatible', notPublic, 'https://[::8.8.8.8]/'],
  ['IPv4 translated (RFC 2765)', notPublic, 'https://[::ffff:0:127.0.0.1]/'],
  ['NAT64', notPublic, 'https://[64:ff9b::7f00:1]/'],
  ['NAT64 of a local network', notPublic, 'https://[64:ff9b:1::a00:1]/'],
  ['6to4', notPublic, 'https://[2002:7f00:1::]/'],
  ['Teredo', notPublic, 'https://[2001:0:7f00:1::]/'],
  ['a zone', noUrl, 'https://[fe80::1%25eth0]/'],
  ['an IPv6 address without brackets', noUrl, 'https://::1/'],
  ['the metadata service', notPublic, 'https://169.254.169.254/latest/meta-data/'],
  ['the IPv6 metadata service', notPublic, 'https://[fd00:ec2::254]/'],
  ['the IPv6 metadata service of Google', notPublic, 'https://[fd20:ce::254]/'],
  ['the credentials of a container', notPublic, 'https://169.254.170.2/v2/credentials'],
  ['the credentials of a pod', notPublic, 'https://169.254.170.23/v1/credentials'],
  ['the IPv6 credentials of a pod', notPublic, 'https://[fd00:ec2::23]/v1/credentials'],
  ['the metadata service of Azure', notPublic, 'https://168.63.129.16/'],
  ['the metadata service of Azure, mapped', notPublic, 'https://[::ffff:168.63.129.16]/'],
  ['the metadata service of Oracle', notPublic, 'https://192.0.0.192/'],
  ['the metadata service of Alibaba', notPublic, 'https://100.100.100.200/'],
  ['the metadata service of Google by name', localName, 'https://metadata.google.internal/'],
  ['its short name', localName, 'https://metadata/'],
  ['a carrier-grade NAT', notPublic, 'https://100.64.0.1/'],
  ['link-local IPv6', notPublic, 'https://[fe80::1]/'],
  ['site-local IPv6', notPublic, 'https://[fec0::1]/'],
  ['unique local IPv6', notPublic, 'https://[fc00::1]/'],
  ['a private network, 10/8', notPublic, 'https://10.1.2.3/'],
  ['a private network, 172.16/12', notPublic, 'https://172.31.255.1/'],
  ['a private network, 192.168/16', notPublic, 'https://192.168.0.1/'],
  ['protocol assignments', notPublic, 'https://192.0.0.1/'],
  ['a benchmarking network', notPublic, 'https://198.19.0.1/'],
  ['an IPv6 benchmarking network', notPublic, 'https://[2001:2::1]/'],
  ['a documentation network, 192.0.2/24', notPublic, 'https://192.0.2.1/'],
  ['a documentation network, 198.51.100/24', notPublic, 'https://198.51.100.1/'],
  ['a documentation network, 203.0.113/24', notPublic, 'https://203.0.113.1/'],
  ['the IPv6 documentation network', notPublic, 'https://[2001:db8::1]/'],
  ['the other IPv6 documentation network', notPublic, 'https://[3fff::1]/'],
  ['the 6to4 relay', notPublic, 'https://192.88.99.1/'],
  ['multicast', notPublic, 'https://224.0.0.1/'],
  ['IPv6 multicast', notPublic, 'https://[ff02::1]/'],
  ['a reserved address', notPublic, 'https://240.0.0.1/'],
  ['broadcast', notPublic, 'https://255.255.255.255/'],
  ['segment routing', notPublic, 'https://[5f00::1]/'],
  ['a discarded prefix', notPublic, 'https://[100::1]/'],
  ['this machine by name', localName, 'https://localhost/'],
  ['this machine by name, with a dot', localName, 'https://localhost./'],
  ['this machine by name, in capitals', localName, 'https://LOCALHOST/'],
  ['this machine by name, full-width', localName, 'https://ｌｏｃａｌｈｏｓｔ/'],
  ['a name of this machine', localName, 'https://app.localhost/'],
  ['a name of the local network', localName, 'https://printer.local/'],
  ['a name within a cluster', localName, 'https://api.default.svc.cluster.local/'],
  ['a name of a service', localName, 'https://kubernetes/'],
  ['a name of a home', localName, 'https://router.home.arpa./'],
  ['an address with too many parts', noUrl, 'https://127.0.0.1.1/'],
  ['an address with a part that is too large', noUrl, 'https://127.0.0.256/'],
  ['user name and password', credentials, 'https://user:secret@example.com/'],
  ['a host in place of the user', credentials, 'https://example.com@127.0.0.1/'],
  ['a password alone', credentials, 'https://:secret@example.com/'],
  ['plain http', otherScheme, 'http://example.com/'],
  ['a file', otherScheme, 'file:///etc/passwd'],
  ['data', otherScheme, 'data:text/plain,hello'],
  ['a script', otherScheme, 'javascript:alert(1)'],
  ['gopher', otherScheme, 'gopher://127.0.0.1:25/'],
  ['ftp', otherScheme, 'ftp://example.com/'],
  ['dict', otherScheme, 'dict://127.0.0.1:11211/stats'],
  ['a blob', otherScheme, 'blob:https://example.com/1'],
  ['a WebSocket', otherScheme, 'wss://example.com/'],
  ['the port of SSH', port, 'https://example.com:22/'],
  ['the port of a mail server', port, 'https://example.com:25/'],
  ['the port of http', port, 'https://example.com:80/'],
  ['port nought', port, 'https://example.com:0/'],
  ['a port that does not exist', noUrl, 'https://example.com:65536/'],
  ['a new line', noUrl, 'https://exam\r\nple.com/'],
  ['a new line in the path', noUrl, 'https://example.com/\r\nHost: 127.0.0.1'],
  ['a tab', noUrl, 'https://127.0\t.0.1/'],
  ['a space before', noUrl, ' https://example.com/'],
  ['a nought byte', noUrl, 'https://example.com\u0000.evil.example/'],
  ['a backslash', noUrl, 'https://example.com\\@127.0.0.1/'],
  ['backslashes for slashes', noUrl, 'https:\\\\127.0.0.1\\'],
  ['a missing slash', notPublic, 'https:/127.0.0.1/'],
  ['slashes too many', notPublic, 'https:////127.0.0.1/'],
  ['no host', noUrl, 'https://'],
  ['no scheme', noUrl, '//example.com/'],
  ['a host alone', noUrl, 'example.com'],
  ['nothing', noUrl, ''],
])('a hostile URL is refused before anything is looked up or sent: %s', async (_, why, url) => {
  const lookups = resolveTo('8.8.8.8');
  const connect = vi.spyOn(net, 'connect');
  const connectTls = vi.spyOn(tls, 'connect');
  await expect(guardedFetch(url, limits)).rejects.toMatchObject({
    ...forbidden,
    message: expect.stringContaining(why) as string,
  });
  for (const called of [...lookups, connect, connectTls]) expect(called).not.toHaveBeenCalled();
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

  test('whose next DNS answer would differ: the connection goes to a checked address', async () => {
    const lookups = resolveTo('8.8.8.8', '2606:4700::1111');
    const connectedTo: unknown[] = [];
    vi.spyOn(tls, 'connect').mockImplementation(((options: { host: string; lookup: net.LookupFunction }) => {
      const socket = new net.Socket();
      options.lookup(options.host, { all: true }, (error, addresses) => {
        connectedTo.push(addresses);
        resolveTo('127.0.0.1');
        socket.destroy(error ?? new Error('far enough'));
      });
      return socket;
    }) as never);
    const request = guardedFetch('https://rebinding.example/', limits);
    await expect(request).rejects.toMatchObject({ code: 'unreachable' });
    expect(connectedTo).toEqual([
      [
        { address: '8.8.8.8', family: 4 },
        { address: '2606:4700::1111', family: 6 },
      ],
    ]);
    for (const lookup of lookups) expect(lookup).toHaveBeenCalledTimes(1);
  });
});

test('host names without a DNS answer do not block other names of the process', async () => {
  const queries: (() => void)[] = [];
  const server = createSocket('udp4');
  server.on('message', (query, { port: from }) => {
    queries.push(() => {
      // The query as its answer: there is no such name.
      query.writeUInt16BE(0x81_83, 2);
      server.send(query, from);
    });
  });
  await new Promise<void>((listening) => server.bind(0, '127.0.0.1', listening));
  const usual = dns.getServers();
  dns.setServers([`127.0.0.1:${server.address().port}`]);
  stops.push(() => {
    dns.setServers(usual);
    server.close();
  });
  const requests = Array.from({ length: 12 }, (_, index) =>
    expect(guardedFetch(`https://mute-${index}.example/`, limits)).rejects.toMatchObject({
      code: 'unreachable',
      cause: { code: 'ENOTFOUND' },
    }),
  );
  await eventually(() => expect(queries.length).toBeGreaterThanOrEqual(2 * requests.length));
  expect(await dns.lookup('localhost')).toHaveProperty('address');
  const answering = setInterval(() => queries.splice(0).forEach((answer) => answer()), 10);
  await Promise.all(requests).finally(() => clearInterval(answering));
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

  test.each([
    ['of the same origin', 'https://example.com/there', true],
    ['of another host', 'https://elsewhere.example/', false],
    ['of a host below', 'https://www.example.com/', false],
    ['of another port', 'https://example.com:8443/', false],
  ])('%s gets the secrets of a request: %s, %s', async (_, location, isSame) => {
    const secrets = { authorization: 'Bearer x', cookie: 'a=b', 'X-Api-Key': 'k', 'webhook-signature': 's' };
    const open = { Accept: '*/*', 'user-agent': 'test', 'if-none-match': '"1"' };
    const sent: unknown[] = [];
    const answers = [redirectTo(location), redirectTo('https://example.com/back'), redirectTo('')];
    const send = async ({ options }: { options: { headers?: object } }) => {
      sent.push(options.headers);
      return { ...answers[sent.length - 1]!, ...(sent.length === 3 && { status: 200 }) };
    };
    const options = { ...limits, headers: { ...secrets, ...open }, maxRedirects: 5 };
    (await follow('https://example.com/', options, send)).body.destroy();
    const after = isSame ? { ...secrets, ...open } : open;
    expect(sent).toEqual([{ ...secrets, ...open }, after, after]);
  });

  test('loop is aborted', async () => {
    let requests = 0;
    const origin = await serve((request, response) => {
      requests += 1;
      response.writeHead(302, { location: request.url === '/a' ? '/b' : '/a' }).end();
    });
    const request = guardedFetch(`${origin}/a`, { ...limits, maxRedirects: 5, allowPrivate: true });
    await expect(request).rejects.toMatchObject({ code: 'too_many_redirects' });
    expect(requests).toBe(6);
  });

  test('is followed as often as allowed and no more', async () => {
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

  test('is returned itself if none may be followed, and always for a POST', async () => {
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

test('a body that is too large is cut off while it is read', async () => {
  const origin = await serve((request, response) => response.end('x'.repeat(Number(request.url!.slice(1)))));
  const options = { ...limits, allowPrivate: true };
  expect(await text((await guardedFetch(`${origin}/1000`, options)).body)).toHaveLength(1000);
  const { body } = await guardedFetch(`${origin}/1001`, options);
  await expect(text(body)).rejects.toMatchObject({ code: 'too_large' });
});

test('a body that is announced as too large is not read at all', async () => {
  const origin = await serve((_request, response) =>
    response.writeHead(200, { 'content-length': '1001' }).flushHeaders(),
  );
  const { body } = await guardedFetch(origin, { ...limits, allowPrivate: true });
  await expect(text(body)).rejects.toMatchObject({ code: 'too_large' });
});

test.each<[string, Listener]>([
  ['never answers', () => {}],
  ['never ends its body', (_request, response) => response.write('begun')],
])('a request to a server that %s times out', async (_, listener) => {
  const origin = await serve(listener);
  const read = async () => {
    const options = { ...limits, timeoutMilliseconds: 200, allowPrivate: true };
    return text((await guardedFetch(origin, options)).body);
  };
  await expect(read()).rejects.toMatchObject({ code: 'timed_out' });
});

test('the caller can abort, and then gets its own reason', async () => {
  const asked = Promise.withResolvers<void>();
  const origin = await serve(() => asked.resolve());
  const aborting = new AbortController();
  const request = guardedFetch(origin, { ...limits, allowPrivate: true, signal: aborting.signal });
  await asked.promise;
  aborting.abort(new Error('no longer needed'));
  await expect(request).rejects.toThrow('no longer needed');
});

test('a server that is not running, or closes the connection, is unreachable', async () => {
  const origin = await serve((request) => request.socket.destroy());
  const fetchIt = () => guardedFetch(origin, { ...limits, allowPrivate: true });
  await expect(fetchIt()).rejects.toMatchObject({ code: 'unreachable' });
  for (const stop of stops.splice(0)) await stop();
  await expect(fetchIt()).rejects.toMatchObject({ code: 'unreachable' });
});

/** A server that speaks bytes rather than HTTP: it answers each request with what `answer` writes. */
async function serveRaw(answer: (socket: net.Socket, head: string) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {}).once('data', (head) => answer(socket, head.toString()));
  });
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  stops.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((closed) => server.close(closed));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Writes until the connection is closed. */
const flood = (socket: net.Socket, piece: string) => {
  const more = () => {
    while (!socket.destroyed && socket.write(piece));
    socket.once('drain', more);
  };
  more();
};

describe('a hostile server', () => {
  const local = { ...limits, allowPrivate: true };
  const read = async (origin: string, options: object = {}) =>
    text((await guardedFetch(origin, { ...local, ...options })).body);
  const ok = 'HTTP/1.1 200 OK\r\n';

  test.each<[string, (socket: net.Socket) => void, object]>([
    [
      'less than it announced',
      (socket) => socket.end(`${ok}content-length: 10\r\n\r\nhalf`),
      { code: 'unreachable' },
    ],
    [
      'chunks that do not end',
      (socket) => socket.end(`${ok}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n`),
      { code: 'unreachable' },
    ],
    [
      'a chunk of a size that is none',
      (socket) => socket.end(`${ok}transfer-encoding: chunked\r\n\r\nzz\r\nhalf\r\n0\r\n\r\n`),
      { code: 'unreachable' },
    ],
    [
      'two lengths',
      (socket) => socket.end(`${ok}content-length: 4\r\ncontent-length: 5\r\n\r\nhalf!`),
      { code: 'unreachable' },
    ],
    [
      'a length and chunks at once',
      (socket) => socket.end(`${ok}content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`),
      { code: 'unreachable' },
    ],
    [
      'a reset in the middle',
      (socket) => socket.write(`${ok}content-length: 10\r\n\r\nhalf`, () => socket.resetAndDestroy()),
      { code: 'unreachable' },
    ],
    ['what is no HTTP', (socket) => socket.end('220 mail.example ESMTP\r\n'), { code: 'unreachable' }],
    [
      'headers without end',
      (socket) => {
        socket.write(ok);
        flood(socket, `x-more: ${'x'.repeat(1000)}\r\n`);
      },
      { code: 'too_large' },
    ],
    [
      'interim answers without end',
      (socket) => flood(socket, 'HTTP/1.1 103 Early Hints\r\n\r\n'),
      { code: 'unreachable' },
    ],
    [
      'another protocol',
      (socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n'),
      { code: 'unreachable' },
    ],
    [
      'a body without end',
      (socket) => {
        socket.write(`${ok}\r\n`);
        flood(socket, 'x'.repeat(10_000));
      },
      { code: 'too_large' },
    ],
    [
      'a reason without end',
      (socket) => {
        socket.write('HTTP/1.1 200 ');
        flood(socket, 'x'.repeat(10_000));
      },
      { code: 'too_large' },
    ],
    ['empty lines without end', (socket) => flood(socket, '\r\n'.repeat(5000)), { code: 'too_large' }],
    [
      'a length of a chunk without end',
      (socket) => {
        socket.write(`${ok}transfer-encoding: chunked\r\n\r\n`);
        flood(socket, '0'.repeat(10_000));
      },
      { code: 'too_large' },
    ],
    [
      'an extension of a chunk without end',
      (socket) => {
        socket.write(`${ok}transfer-encoding: chunked\r\n\r\n1;`);
        flood(socket, 'x'.repeat(10_000));
      },
      { code: 'too_large' },
    ],
    [
      'trailers without end',
      (socket) => {
        socket.write(`${ok}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\n`);
        flood(socket, `x-more: ${'x'.repeat(1000)}\r\n`);
      },
      { code: 'too_large' },
    ],
  ])('that sends %s is refused', async (_, answer, expected) => {
    await expect(read(await serveRaw(answer))).rejects.toMatchObject(expected);
  });

  test.each<[string, (socket: net.Socket) => void]>([
    ['before its answer', () => {}],
    ['within its headers', (socket) => socket.write(`${ok}x-half: `)],
    ['within its body', (socket) => socket.write(`${ok}content-length: 10\r\n\r\nhalf`)],
  ])('that stops sending %s times out long before the total timeout', async (_, answer) => {
    const request = read(await serveRaw(answer), { idleMilliseconds: 50, timeoutMilliseconds: 600_000 });
    await expect(request).rejects.toMatchObject({
      code: 'timed_out',
      message: 'The server stopped sending data.',
    });
  });

  test('that sends its body slowly times out after the total timeout', async () => {
    const origin = await serveRaw((socket) => {
      socket.write(`${ok}\r\n`);
      const drip = setInterval(() => socket.write('x'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    const request = read(origin, { idleMilliseconds: 10_000, timeoutMilliseconds: 300 });
    await expect(request).rejects.toMatchObject({ code: 'timed_out' });
  });

  test('that sends more than it announced is read up to the announced length, and its connection is not reused', async () => {
    let connections = 0;
    const origin = await serveRaw((socket) => {
      connections += 1;
      socket.write(`${ok}content-length: 4\r\n\r\nreal${ok}content-length: 6\r\n\r\nforged`);
    });
    expect([await read(origin), await read(origin)]).toEqual(['real', 'real']);
    expect(connections).toBe(2);
  });

  test('that sends a compression bomb is read without decompressing it', async () => {
    const bomb = gzipSync(Buffer.alloc(500_000));
    const origin = await serve((request, response) => {
      expect(request.headers['accept-encoding']).toBe('identity');
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const { body } = await guardedFetch(origin, local);
    expect(Buffer.compare(await buffer(body), bomb)).toBe(0);
  });

  test('with an untrusted certificate gets no request', async () => {
    let requests = 0;
    const server = https.createServer(selfSigned(), () => (requests += 1));
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    stops.push(() => server.close());
    const origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(read(origin)).rejects.toMatchObject({
      code: 'unreachable',
      cause: { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' },
    });
    expect(requests).toBe(0);
  });
});

test('only the headers of the caller are sent: no credentials, and no cookies of earlier responses', async () => {
  const seen: string[][] = [];
  const origin = await serve((request, response) => {
    seen.push(Object.keys(request.headers).toSorted());
    response.writeHead(200, { 'set-cookie': 'a=b; Path=/' }).end();
  });
  for (let times = 0; times < 2; times += 1) {
    (await guardedFetch(origin, { ...limits, headers: { accept: '*/*' }, allowPrivate: true })).body.resume();
  }
  const always = ['accept', 'accept-encoding', 'connection', 'host'];
  expect(seen).toEqual([always, always]);
});

test('no proxy of the environment is used', async () => {
  let proxied = 0;
  const proxy = await serve((_request, response) => {
    proxied += 1;
    response.end('proxied');
  });
  const origin = await serve((_request, response) => response.end('direct'));
  for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'NODE_USE_ENV_PROXY'])
    vi.stubEnv(name, proxy);
  const { body } = await guardedFetch(origin, { ...limits, allowPrivate: true });
  expect([await text(body), proxied]).toEqual(['direct', 0]);
});
