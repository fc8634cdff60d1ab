import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { signPost } from './presigned-post.ts';

const now = new Date('2026-03-04T05:06:07.890Z');
const expiresAt = new Date('2026-03-04T05:21:07.890Z');
const policy = {
  bucket: 'files',
  fields: { key: 'a/b', 'content-type': 'text/plain' },
  sizeBytes: 5,
  expiresAt,
};
const signer = { accessKeyId: 'AKID', secretAccessKey: 'secret' };
const read = ({ policy: text }: Record<string, string>) =>
  JSON.parse(Buffer.from(text!, 'base64').toString()) as { expiration: string; conditions: unknown[] };

test('the policy requires each field with its value, the exact size, and an expiration', () => {
  const form = signPost(policy, signer, 'eu-central-1', now);
  const { policy: _policy, 'x-amz-signature': _signature, ...fields } = form;
  expect(fields).toEqual({
    key: 'a/b',
    'content-type': 'text/plain',
    'x-amz-algorithm': 'AWS4-HMAC-SHA256',
    'x-amz-credential': 'AKID/20260304/eu-central-1/s3/aws4_request',
    'x-amz-date': '20260304T050607Z',
  });
  const { expiration, conditions } = read(form);
  expect(expiration).toBe('2026-03-04T05:21:07.890Z');
  expect(conditions).toEqual([
    { bucket: 'files' },
    ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
    ['content-length-range', 5, 5],
  ]);
});

test('the signature is made with the key of day, region and service', () => {
  const { policy: text, 'x-amz-signature': signature } = signPost(policy, signer, 'eu-central-1', now);
  let key: string | Buffer = 'AWS4secret';
  for (const part of ['20260304', 'eu-central-1', 's3', 'aws4_request', text!]) {
    key = createHmac('sha256', key).update(part).digest();
  }
  expect(signature).toBe(key.toString('hex'));
});

test('the token of temporary credentials is sent and signed', () => {
  const form = signPost(policy, { ...signer, sessionToken: 'token' }, 'eu-central-1', now);
  expect(form['x-amz-security-token']).toBe('token');
  expect(read(form).conditions).toContainEqual({ 'x-amz-security-token': 'token' });
});
