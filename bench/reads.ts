/**
 * Published reads over each interface, compared with a bare server that returns a constant: `node bench/reads.ts`.
 * Only the ratios are comparable between machines. Takes about a minute, on loopback.
 */
import autocannon from 'autocannon';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startPlatform } from '../tests/support/stack.ts';
import { printRates } from './side-by-side.ts';

const connections = 32;
const seconds = 5;
const rounds = 3;
const ref = { portfolio: 'portfolio-engineering', slug: 'outbox-and-leases' };

const folder = await mkdtemp(join(tmpdir(), 'portfolio-bench-'));
const platform = await startPlatform(folder);
const study = await platform.api.caseStudy.read.query(ref);
const barePort = await freePort();
const bareServer = `require('node:http').createServer((q, r) => r.end(${JSON.stringify(JSON.stringify(study))}))
  .listen(${barePort}, '127.0.0.1')`;
const bare = spawn(process.execPath, ['-e', bareServer]);

const query = (input: unknown) => encodeURIComponent(JSON.stringify(input));
const targets: Record<string, string> = {
  'bare node:http, a constant': `http://127.0.0.1:${barePort}/`,
  'REST, one study': `${platform.baseUrl}/api/v1/portfolios/${ref.portfolio}/case-studies/${ref.slug}`,
  'REST, a list': `${platform.baseUrl}/api/v1/portfolios/${ref.portfolio}/case-studies`,
  'tRPC, one study': `${platform.baseUrl}/trpc/caseStudy.read?input=${query(ref)}`,
};

try {
  const rates = new Map<string, number[]>(Object.keys(targets).map((name) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const [name, url] of Object.entries(targets)) {
      const { requests, non2xx } = await autocannon({
        url,
        connections,
        duration: round === 0 ? 1 : seconds,
      });
      if (non2xx > 0) throw new Error(`${name}: ${non2xx} responses were errors.`);
      // The first round warms up.
      if (round > 0) rates.get(name)!.push(requests.average);
    }
  }
  printRates(rates, { unit: 'requests/s', ratio: 'of bare' });
} finally {
  bare.kill();
  await once(bare, 'exit');
  await platform.stop();
  await rm(folder, { recursive: true });
}
