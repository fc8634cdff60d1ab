import type { AwsSettings } from '@portfolio/core/runtime/aws';
import type { Logger } from '@portfolio/core/runtime/log';
import { openSecret } from '@portfolio/core/runtime/secrets';
import type { Secret, apiSettings } from '@portfolio/core/runtime/settings';
import type { z } from 'zod';
import type { GroupSettings } from './groups.ts';
import type { Issuer, OidcClient } from './issuer.ts';

type Settings = z.output<typeof apiSettings>;
type Client = Omit<OidcClient, 'readSecret' | 'scopes'> & { secret: Secret | undefined };

/** The issuers that the settings name, the default one first, with the secrets of the clients there. */
export async function openIssuers(settings: Settings, about: { aws: AwsSettings; log: Logger }) {
  const { JWT_AUDIENCE: audience, OIDC_CLIENT_ID: clientId, OIDC_CLIENT_SECRET: clientSecret } = settings;
  const closers: (() => void)[] = [];

  async function open(setting: string, { secret, ...client }: Client): Promise<OidcClient> {
    const opened = secret && (await openSecret(secret, { setting, ...about }));
    if (opened) closers.push(() => opened.close());
    return { ...client, scopes: settings.OIDC_SCOPES, readSecret: opened && (() => opened.read()) };
  }

  const issuers: Issuer[] = [];
  if (settings.JWT_ISSUER !== undefined) {
    const client = clientId === undefined ? undefined : { id: clientId, secret: clientSecret };
    issuers.push({
      issuer: settings.JWT_ISSUER,
      jwksUrl: settings.JWT_JWKS_URL,
      audience,
      isDefault: true,
      client: client && (await open('OIDC_CLIENT_SECRET', client)),
    });
  }
  for (const other of settings.JWT_ISSUERS) {
    const { issuer, jwksUrl, clientId: id, clientSecret: secret, name, groups: givesGroups } = other;
    const client = id === undefined ? undefined : await open('JWT_ISSUERS', { id, secret, name });
    const facts = { issuer, jwksUrl, audience: other.audience ?? audience, givesGroups };
    issuers.push({ ...facts, isDefault: false, client });
  }
  return { issuers, close: () => closers.forEach((close) => close()) };
}

export const groupSettings = (settings: Settings): GroupSettings => ({
  claim: settings.GROUP_CLAIM,
  roles: settings.GROUP_ROLES,
  operators: settings.OPERATOR_GROUP,
});
