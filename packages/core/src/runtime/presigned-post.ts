import { createHmac } from 'node:crypto';

type Signer = { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined };

/** The fields of the form, and the exact size of the file; `key` is the key of the object. */
type Policy = {
  bucket: string;
  fields: { key: string } & Record<string, string>;
  sizeBytes: number;
  expiresAt: Date;
};

/**
 * The form fields with which a client may send one file to S3 by POST: the signed policy, and the fields that it requires
 * (AWS Signature Version 4, "POST policy").
 */
export function signPost(
  { bucket, fields, sizeBytes, expiresAt }: Policy,
  { accessKeyId, secretAccessKey, sessionToken }: Signer,
  region: string,
  now = new Date(),
): Record<string, string> {
  const date = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = [date.slice(0, 8), region, 's3', 'aws4_request'];
  const signed = {
    ...fields,
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': [accessKeyId, ...scope].join('/'),
    'x-amz-date': date,
    ...(sessionToken && { 'x-amz-security-token': sessionToken }),
  };
  const conditions = [
    { bucket },
    ...Object.entries(signed).map(([name, value]) => ({ [name]: value })),
    ['content-length-range', sizeBytes, sizeBytes],
  ];
  const policy = Buffer.from(JSON.stringify({ expiration: expiresAt.toISOString(), conditions })).toString(
    'base64',
  );
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  return { ...signed, policy, 'x-amz-signature': hmac(key, policy).toString('hex') };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
