import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type NginxFacts, nginxConfig } from '../../../stacks/k8s/nginx-config.ts';
import { createAuthority } from '../../support/certificate.ts';
import { testFolder } from '../../support/folder.ts';
import { freePort } from '../../support/stack.ts';

/** The path in Debian's package. */
const program = '/usr/sbin/nginx';
export const hasNginx = existsSync(program);

/** Started by root, NGINX would switch to a user without access to the test's folder. */
const asWhoRunsTests: Readonly<Record<string, string>> =
  process.getuid?.() === 0 ? { 'daemon off;': 'daemon off;\nuser root;' } : {};

/** The certificates: one authority issues those of clients and of NGINX, as in a stage. */
export function createCertificates() {
  const authority = createAuthority('Portfolio clients');
  return {
    authority,
    server: authority.issue('localhost'),
    monitoring: authority.issue('portfolio-monitoring'),
    consumer: authority.issue('consumer'),
    expired: authority.issue('portfolio-monitoring', { isExpired: true }),
    revoked: authority.issue('portfolio-monitoring'),
    foreign: createAuthority('Portfolio clients').issue('portfolio-monitoring'),
  };
}

export type Certificates = ReturnType<typeof createCertificates>;

/**
 * Runs NGINX with the configuration of a stage on free ports of 127.0.0.1, in front of `api` and `metrics` (host:port).
 * `change` maps texts in the configuration to replacements, such as shorter timeouts.
 */
export async function startNginx(certificates: Certificates, setup: Setup, attempts = 3): Promise<Nginx> {
  try {
    return await startOnce(certificates, setup);
  } catch (error) {
    // Another program took a port that was free when it was chosen.
    if (attempts === 1 || !String(error).includes('Address already in use')) throw error;
    return startNginx(certificates, setup, attempts - 1);
  }
}

type Setup = Pick<NginxFacts, 'api' | 'metrics'> & { change?: Readonly<Record<string, string>> };

async function startOnce({ authority, server, revoked }: Certificates, { change = {}, ...upstreams }: Setup) {
  const folder = await testFolder();
  const ports = { consumers: await freePort(), browsers: await freePort(), monitoring: await freePort() };
  const [certificate, clients, scratch] = ['certificate', 'clients', 'scratch'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  for (const one of [certificate, clients, scratch]) await mkdir(one);
  const accessLog = join(scratch, 'access.log');
  const config = nginxConfig({ ports, ...upstreams, certificate, clients, scratch, accessLog });
  await writeFile(
    join(folder, 'nginx.conf'),
    changed(config, { 'listen ': 'listen 127.0.0.1:', ...asWhoRunsTests, ...change }),
  );
  await writeFile(join(clients, 'authorities.pem'), authority.cert);
  await writeFile(join(clients, 'revoked.pem'), authority.revoke(revoked));
  const install = async ({ cert, key }: { cert: string; key: string }) => {
    await writeFile(join(certificate, 'tls.crt'), cert);
    await writeFile(join(certificate, 'tls.key'), key);
  };
  await install(server);
  const args = ['-c', join(folder, 'nginx.conf'), '-p', scratch, '-e', 'stderr'];
  const errors = await open(join(folder, 'errors.log'), 'w');
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', errors.fd] });
  const ended = once(child, 'exit');
  await vi.waitUntil(() => existsSync(join(scratch, 'nginx.pid')) || hasEnded(child), { timeout: 10_000 });
  if (hasEnded(child)) {
    await errors.close();
    throw new Error(await readFile(join(folder, 'errors.log'), 'utf8'));
  }
  return {
    ports,
    install,
    /** The access log, one object for each request. */
    log: async () =>
      (await readFile(accessLog, 'utf8'))
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Record<string, string>),
    /** Stops NGINX with the signal that Kubernetes sends, and waits until it has exited. */
    async stop(signal: NodeJS.Signals = 'SIGQUIT') {
      child.kill(signal);
      await ended;
      await errors.close();
    },
  };
}

export type Nginx = Awaited<ReturnType<typeof startOnce>>;

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

function changed(config: string, change: Readonly<Record<string, string>>): string {
  return Object.entries(change).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The configuration does not contain ${from}.`);
    return text.replaceAll(from, to);
  }, config);
}
