import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { z } from 'zod';

const requestSchema = z.object({
  SecretId: z.string(),
  SecretString: z.string().optional(),
  ClientRequestToken: z.string().min(32).max(64).optional(),
});

type Version = { VersionId: string; SecretString: string };

/** A fake of Secrets Manager (AWS JSON 1.1) that knows the current version of each secret only. */
export async function testSecretsManager(secrets: Record<string, string> = {}) {
  const versions = new Map<string, Version | null>(
    Object.entries(secrets).map(([id, text]) => [id, versionOf(text)]),
  );
  let reads = 0;
  let puts = 0;
  let isDown = false;

  function answerTo(target: unknown, { SecretId: id, ...given }: z.infer<typeof requestSchema>) {
    const version = versions.get(id);
    const named = { ARN: id, Name: id };
    if (version === undefined) return notFound('secret');
    if (target === 'secretsmanager.DescribeSecret') {
      const stages = version && { VersionIdsToStages: { [version.VersionId]: ['AWSCURRENT'] } };
      return { ...named, ...stages };
    }
    if (target === 'secretsmanager.PutSecretValue') {
      const { ClientRequestToken: token, SecretString: text = '' } = given;
      if (version?.VersionId === token) return { __type: 'ResourceExistsException', Message: 'It exists.' };
      puts += 1;
      versions.set(id, versionOf(text, token));
      return { ...named, VersionId: token };
    }
    if (target !== 'secretsmanager.GetSecretValue') return { __type: 'UnknownOperationException' };
    return version ? { ...named, VersionStages: ['AWSCURRENT'], ...version } : notFound('secret value');
  }

  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    void (async () => {
      reads += 1;
      if (isDown) return answer(503, { __type: 'InternalServiceError', Message: 'Unavailable.' });
      const body = answerTo(request.headers['x-amz-target'], requestSchema.parse(await json(request)));
      return answer('__type' in body ? 400 : 200, body);
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Makes a text the current version of a secret. */
    put: (id: string, text: string) => void versions.set(id, versionOf(text)),
    /** Makes a secret without a value. */
    create: (id: string) => void versions.set(id, null),
    /** The current text of a secret. */
    read: (id: string) => versions.get(id)?.SecretString,
    /** The number of versions that clients have made. */
    puts: () => puts,
    /** The number of requests. */
    reads: () => reads,
    down: () => (isDown = true),
    up: () => (isDown = false),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

const versionOf = (text: string, id: string = randomUUID()): Version => ({
  VersionId: id,
  SecretString: text,
});

const notFound = (what: string) => ({
  __type: 'ResourceNotFoundException',
  Message: `Secrets Manager can't find the specified ${what}.`,
});
