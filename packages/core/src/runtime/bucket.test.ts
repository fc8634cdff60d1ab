import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { openBucket } from './bucket.ts';
import { createLog } from './log.ts';

/** Of each object, the ids of its versions. The emulator has none, so this answers as S3 does. */
const versions = new Map([
  ['images/pf/ab', ['v3', 'v2', 'v1']],
  ['images/pf/abc', ['other']],
]);
const requests: string[] = [];

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url!, 'http://s3.example');
  const key = pathname.replace(/^\/files\/?/, '');
  if (request.method === 'DELETE') {
    const id = searchParams.get('versionId');
    requests.push(`DELETE ${key} ${id}`);
    versions.set(
      key,
      versions.get(key)!.filter((one) => one !== id),
    );
    return response.writeHead(204).end();
  }
  const [prefix, isVersions] = [searchParams.get('prefix')!, searchParams.has('versions')];
  requests.push(`GET ${isVersions ? 'versions' : 'other'} ${prefix}`);
  const found = [...versions].flatMap(([of, ids]) =>
    of.startsWith(prefix) ? ids.map((id) => [of, id]) : [],
  );
  const listed = found
    .slice(0, 2)
    .map(([of, id]) => `<Version><Key>${of}</Key><VersionId>${id}</VersionId></Version>`);
  return response
    .setHeader('content-type', 'application/xml')
    .end(
      `<ListVersionsResult><IsTruncated>${found.length > 2}</IsTruncated>${listed.join('')}</ListVersionsResult>`,
    );
});
afterAll(() => server.close());

test('deleting an object for good leaves a marker for replicas, no version, and other objects alone', async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const aws = { region: 'eu-central-1', endpoint: `http://127.0.0.1:${port}` };
  const bucket = openBucket(aws, 'files', createLog('test', 'silent'));
  await bucket.removeAllVersions('images/pf/ab');
  bucket.close();
  expect(requests[0]).toBe('DELETE images/pf/ab null');
  expect(Object.fromEntries(versions)).toEqual({ 'images/pf/ab': [], 'images/pf/abc': ['other'] });
});
