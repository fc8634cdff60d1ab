import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { z } from 'zod';

const requestSchema = z.strictObject({ SecretId: z.string() });

/** A fake of Secrets Manager (AWS JSON 1.1) with only `GetSecretValue` of the current version. */
export async function testSecretsManager(secrets: Record<string, string> = {}) {
  const versions = new Map(Object.entries(secrets).map(([id, text]) => [id, versionOf(text)]));
  let reads = 0;
  let isDown = false;

  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    void (async () => {
      reads += 1;
      if (isDown) return answer(503, { __type: 'InternalServiceError', Message: 'Unavailable.' });
      if (request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue')
        return answer(400, { __type: 'UnknownOperationException' });
      const { SecretId: id } = requestSchema.parse(await json(request));
      const version = versions.get(id);
      if (!version) {
        const Message = "Secrets Manager can't find the specified secret.";
        return answer(400, { __type: 'ResourceNotFoundException', Message });
      }
      return answer(200, { ARN: id, Name: id, VersionStages: ['AWSCURRENT'], ...version });
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Makes a text the current version of a secret. */
    put: (id: string, text: string) => void versions.set(id, versionOf(text)),
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

const versionOf = (text: string) => ({ VersionId: randomUUID(), SecretString: text });
