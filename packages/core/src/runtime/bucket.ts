import { GetObjectCommand, HeadBucketCommand, NoSuchKey, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { Bucket } from '../context.ts';
import { type AwsSettings, clientOptions } from './aws.ts';

/** The S3 bucket, and whether it can be reached. */
export type S3Bucket = Bucket & { check(signal: AbortSignal): Promise<void>; close(): void };

export function openBucket(aws: AwsSettings, name: string): S3Bucket {
  // Emulators have no name of their own for each bucket.
  const client = new S3Client({ ...clientOptions(aws), forcePathStyle: aws.endpoint !== undefined });
  return {
    async put(key, body, { contentType, fileName }, signal) {
      const ContentDisposition = fileName && attachment(fileName);
      const params = { Bucket: name, Key: key, Body: body, ContentType: contentType, ContentDisposition };
      const upload = new Upload({ client, params });
      const abort = () => void upload.abort();
      signal?.addEventListener('abort', abort);
      try {
        await upload.done();
      } finally {
        signal?.removeEventListener('abort', abort);
      }
      signal?.throwIfAborted();
    },
    async get(key, signal) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: name, Key: key }), {
          abortSignal: signal,
        });
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if (error instanceof NoSuchKey) return null;
        throw error;
      }
    },
    signedUrl: (key, expiresIn) =>
      getSignedUrl(client, new GetObjectCommand({ Bucket: name, Key: key }), { expiresIn }),
    async check(signal) {
      await client.send(new HeadBucketCommand({ Bucket: name }), { abortSignal: signal });
    },
    close: () => client.destroy(),
  };
}

/** Content-Disposition of a download (RFC 6266): an ASCII name, and the true one in UTF-8. */
function attachment(fileName: string): string {
  const ascii = fileName.replaceAll(/[^\w.-]/g, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
