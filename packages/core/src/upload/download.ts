import type { Bucket } from '../context.ts';

const linkLifetimeSeconds = 300;

/** A link to a stored file, which browsers always download and never display. */
export async function signDownload(bucket: Bucket, key: string, fileName: string) {
  const expiresAt = new Date(Date.now() + linkLifetimeSeconds * 1000).toISOString();
  return { url: await bucket.signedUrl(key, linkLifetimeSeconds, fileName), expiresAt };
}
