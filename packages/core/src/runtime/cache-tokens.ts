import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { RedisClientOptions } from '@redis/client';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';

/** The maximum that ElastiCache allows. */
const tokenSeconds = 900;

/**
 * The options by which a client signs in to an ElastiCache replication group as the user of a URL, with an IAM token for
 * each connection. A token is a presigned request without its scheme (Amazon ElastiCache, "Authenticating with IAM").
 */
export function withTokens({ url, group, region }: { url: string; group: string; region: string }) {
  const address = new URL(url);
  const username = decodeURIComponent(address.username);
  // The client would sign in a user of the URL without a token.
  address.username = '';
  const credentials = fromNodeProviderChain();
  const signer = new SignatureV4({ service: 'elasticache', region, credentials, sha256: Sha256 });
  const request = new HttpRequest({
    hostname: group,
    headers: { host: group },
    query: { Action: 'connect', User: username },
  });
  const credentialsProvider: RedisClientOptions['credentialsProvider'] = {
    type: 'async-credentials-provider',
    async credentials() {
      const { query } = await signer.presign(request, { expiresIn: tokenSeconds });
      const parameters = new URLSearchParams(query as Record<string, string>);
      return { username, password: `${group}/?${parameters.toString()}` };
    },
  };
  return { url: address.href, credentialsProvider };
}
