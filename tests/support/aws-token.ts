import { createHash, createHmac } from 'node:crypto';

type Wanted = {
  host: string;
  /** The query parameters of the request, which contain the user. */
  query: Record<string, string>;
  service: string;
  region: string;
  secretKey: string;
  /** Milliseconds since 1970. */
  now: number;
};

/**
 * True if an IAM token (a presigned request without its scheme) is valid for this host, service and user, and has not
 * expired. It is an independent implementation of AWS Signature Version 4.
 */
export function isSignedToken(token: string, wanted: Wanted): boolean {
  const url = URL.parse(`https://${token}`);
  if (url?.host !== wanted.host) return false;
  const given = url.searchParams;
  const date = given.get('X-Amz-Date') ?? '';
  const [, day, scopeRegion, service] = (given.get('X-Amz-Credential') ?? '').split('/');
  const scope = [day, scopeRegion, service, 'aws4_request'];
  const query = [...given]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map((pair) => pair.map(encode).join('='))
    .toSorted()
    .join('&');
  const request = ['GET', '/', query, `host:${wanted.host}`, '', 'host', sha256('')].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Buffer>(
    (last, part) => hmac(last, String(part)),
    `AWS4${wanted.secretKey}`,
  );
  const ageSeconds =
    (wanted.now - Date.parse(date.replace(/^(....)(..)(.....)(..)(..Z)$/, '$1-$2-$3:$4:$5'))) / 1000;
  return (
    given.get('X-Amz-Signature') === hmac(key, toSign).toString('hex') &&
    Object.entries(wanted.query).every(([name, value]) => given.get(name) === value) &&
    scopeRegion === wanted.region &&
    service === wanted.service &&
    ageSeconds < Math.min(900, Number(given.get('X-Amz-Expires')))
  );
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();
const encode = (text: string) =>
  encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
