import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { RedisClientOptions } from '@redis/client';
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';

/** The most that ElastiCache allows. */
const tokenSeconds = 900;

/**
 * How a client signs in to a replication group of ElastiCache as the user of a URL, with a token of AWS for each connection: a request
 * that is signed in advance, without its scheme (Amazon ElastiCache, "Authenticating with IAM").
 */
export function withTokens({ url, group, region }: { url: string; group: string; region: string }) {
  const address = new URL(url);
  const username = decodeURIComponent(address.username);
  // A user in the URL would be signed in without a token.
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
