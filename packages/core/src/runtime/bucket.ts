import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  NoSuchKey,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { Readable } from 'node:stream';
import type { Bucket } from '../context.ts';
import {
  type AwsSettings,
  clientOptions,
  guardClient,
  promptMilliseconds,
  uploadMilliseconds,
} from './aws.ts';
import { createBreaker } from './breaker.ts';
import type { Logger } from './log.ts';
import { signPost } from './presigned-post.ts';

/** The S3 bucket, with a check of its availability. */
export type S3Bucket = Bucket & { check(signal: AbortSignal): Promise<unknown>; close(): void };

/** How long a connection to S3 may be idle, also in the middle of a file. */
const idleMilliseconds = 20_000;

const prompt = { requestTimeout: promptMilliseconds };

/** The bucket, behind a circuit breaker. */
export function openBucket(aws: AwsSettings, name: string, log: Logger): S3Bucket {
  const timeouts = { requestTimeout: uploadMilliseconds, socketTimeout: idleMilliseconds };
  const client = new S3Client({
    ...clientOptions(aws, timeouts),
    // Emulators have no host name for each bucket.
    forcePathStyle: aws.endpoint !== undefined,
  });
  const check = (abortSignal?: AbortSignal) =>
    client.send(new HeadBucketCommand({ Bucket: name }), { ...prompt, abortSignal });
  const breaker = createBreaker('S3', log, { failures: 3, probe: check, reportedAs: 's3' });
  guardClient(client, breaker, 'HeadBucketCommand');

  async function getBody(key: string, signal?: AbortSignal) {
    try {
      const command = new GetObjectCommand({ Bucket: name, Key: key });
      return (await client.send(command, { ...prompt, abortSignal: signal })).Body;
    } catch (error) {
      if (error instanceof NoSuchKey) return undefined;
      throw error;
    }
  }

  /** The versions of an object that have bytes; none in a bucket without versions, once it is deleted. */
  async function versionsOf(key: string): Promise<string[]> {
    const listed = await client.send(new ListObjectVersionsCommand({ Bucket: name, Prefix: key }), prompt);
    return (listed.Versions ?? []).flatMap(({ Key, VersionId }) =>
      Key === key && VersionId ? [VersionId] : [],
    );
  }

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
      const body = await getBody(key, signal);
      return (await body?.transformToByteArray()) ?? null;
    },
    async stream(key, signal) {
      const body = await getBody(key, signal);
      return body instanceof Readable ? body : null;
    },
    async remove(key) {
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }), prompt);
    },
    async removeAllVersions(key) {
      // First as any deletion: the marker that it leaves in a bucket with versions is replicated, deletions of versions are not.
      await client.send(new DeleteObjectCommand({ Bucket: name, Key: key }), prompt);
      for (let ids = await versionsOf(key); ids.length > 0; ids = await versionsOf(key)) {
        for (const VersionId of ids)
          await client.send(new DeleteObjectCommand({ Bucket: name, Key: key, VersionId }), prompt);
      }
    },
    signedUrl: (key, expiresIn, fileName) => {
      const ResponseContentDisposition = fileName && attachment(fileName);
      const command = new GetObjectCommand({ Bucket: name, Key: key, ResponseContentDisposition });
      return getSignedUrl(client, command, { expiresIn });
    },
    async signedForm(key, { contentType, sizeBytes, sha256 }, expiresAt) {
      const fields = {
        key,
        'content-type': contentType,
        'x-amz-checksum-algorithm': 'SHA256',
        'x-amz-checksum-sha256': Buffer.from(sha256, 'hex').toString('base64'),
      };
      // The only way to get the bucket's URL, in either style.
      const [url] = (await getSignedUrl(client, new HeadBucketCommand({ Bucket: name }))).split('?');
      const policy = { bucket: name, fields, sizeBytes, expiresAt };
      return { url: url!, fields: signPost(policy, await client.config.credentials(), aws.region) };
    },
    check,
    close() {
      breaker.stop();
      client.destroy();
    },
  };
}

/** The Content-Disposition of a download (RFC 6266): an ASCII fallback, and the actual name in UTF-8. */
function attachment(fileName: string): string {
  const ascii = fileName.replaceAll(/[^\w.-]/g, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(fileName)}`;
}
