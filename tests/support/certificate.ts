import { type KeyObject, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A DER value (X.690): its tag, its length, its content. */
function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const head = length < 128 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), content]);
}

const sequence = (...parts: Uint8Array[]) => der(0x30, ...parts);
const integer = (...bytes: number[]) => der(0x02, Buffer.from(bytes));
const time = (text: string) => der(0x17, Buffer.from(text));
const commonName = Buffer.from('0603550403', 'hex');
const ecdsaWithSha256 = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
const begin = time('200101000000Z');
const end = time('491231235959Z');
const past = time('200102000000Z');

/** The extension of a certificate that may issue others: `basicConstraints`, critical, with `cA`. */
const mayIssue = sequence(
  Buffer.from('0603551d13', 'hex'),
  der(0x01, Buffer.from([0xff])),
  der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
);

const nameOf = (name: string) => sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(name)))));
const createKeys = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** Signed data with its signature, as PEM. */
function signed(label: string, toSign: Buffer, privateKey: KeyObject): string {
  const signature = der(0x03, Buffer.from([0]), sign('sha256', toSign, privateKey));
  const base64 = sequence(toSign, ecdsaWithSha256, signature).toString('base64');
  return `-----BEGIN ${label}-----\n${base64.replaceAll(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
}

type Subject = { serial: Buffer; issuer: string; name: string; publicKey: KeyObject; expires?: Buffer };

/** A certificate (RFC 5280); one that is its own issuer may issue others. */
function certificate({ serial, issuer, name, publicKey, expires = end }: Subject, privateKey: KeyObject) {
  const toSign = sequence(
    der(0xa0, integer(2)),
    der(0x02, serial),
    ecdsaWithSha256,
    nameOf(issuer),
    sequence(begin, expires),
    nameOf(name),
    publicKey.export({ type: 'spki', format: 'der' }),
    ...(issuer === name ? [der(0xa3, sequence(mayIssue))] : []),
  );
  return signed('CERTIFICATE', toSign, privateKey);
}

const pem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }) as string;

/** A self-signed certificate for `name` and its key, both as PEM. */
export function selfSigned(name = 'localhost'): { key: string; cert: string } {
  const { privateKey, publicKey } = createKeys();
  const cert = certificate({ serial: Buffer.from([1]), issuer: name, name, publicKey }, privateKey);
  return { key: pem(privateKey), cert };
}

export type Issued = { key: string; cert: string; serial: Buffer };

/** A certificate authority: its own certificate, issued certificates, and a list of revoked ones. */
export function createAuthority(name: string) {
  const { privateKey, publicKey } = createKeys();
  return {
    cert: certificate({ serial: Buffer.from([1]), issuer: name, name, publicKey }, privateKey),
    issue(subject: string, { isExpired = false } = {}): Issued {
      const keys = createKeys();
      // Positive, as serial numbers are.
      const serial = Buffer.concat([Buffer.from([0x01]), randomBytes(8)]);
      const of = { serial, issuer: name, name: subject, publicKey: keys.publicKey };
      const cert = certificate({ ...of, ...(isExpired && { expires: past }) }, privateKey);
      return { key: pem(keys.privateKey), cert, serial };
    },
    /** The list of revoked certificates (RFC 5280, 5); it may be empty. */
    revoke(...issued: Issued[]): string {
      const revoked = issued.map(({ serial }) => sequence(der(0x02, serial), begin));
      const entries = revoked.length > 0 ? [sequence(...revoked)] : [];
      const toSign = sequence(integer(1), ecdsaWithSha256, nameOf(name), begin, end, ...entries);
      return signed('X509 CRL', toSign, privateKey);
    },
  };
}
