import { createClient } from '@portfolio/api/client';
import autocannon from 'autocannon';
import { importFolder } from '../../dev/import/import-folder.ts';
import { sampleFolder } from '../../tests/support/stack.ts';
import { type Api, startPlatform } from '../flood/platform.ts';
import {
  type Contender,
  type Measured,
  type Options,
  inTurn,
  noRounds,
  profileFlags,
  settingsOf,
} from './compare.ts';

const requests = 20_000;
const warmUpRequests = 15_000;
const connections = 8;

const studies = '/api/v1/portfolios/portfolio-engineering/case-studies';
const targets = { 'a list': studies, 'one study': `${studies}/outbox-and-leases` };

/** Published reads that the cache in memory answers, over connections that are kept. */
export async function measureReads({ starts, rounds, endpoint, isProfiled }: Options): Promise<Measured[]> {
  await using opened = new AsyncDisposableStack();
  const platform = opened.adopt(await startPlatform(), (used) => used.stop());
  const unlimited = { RATE_LIMIT_ANONYMOUS_PER_MINUTE: '1000000000' };
  const all = Object.entries(targets).map(([name, path]) => ({ name, path, rounds: noRounds() }));
  for (let at = 0; at < starts; at++) {
    await using started = new AsyncDisposableStack();
    const apis = new Map<Contender, Api>();
    for (const contender of inTurn(at)) {
      const settings = { ...unlimited, ...settingsOf(contender, endpoint) };
      const api = await platform.startApi(settings, isProfiled ? profileFlags(contender) : []);
      apis.set(contender, started.use(api));
    }
    if (at === 0) await importSample(apis.get('off')!, platform.keys.owner);
    for (const api of apis.values()) {
      await checkDependencies(api);
      for (const { path } of all) await microseconds(api, path, warmUpRequests);
      await checkDependencies(api);
    }
    for (let round = 0; round < rounds; round++)
      for (const target of all)
        for (const contender of inTurn(round))
          target.rounds[contender].push(await microseconds(apis.get(contender)!, target.path, requests));
  }
  return all.map((target) => ({
    title: `A cached read over REST: ${target.name}`,
    note: `Processor time of the API a request; ${requests} requests a round over ${connections} connections.`,
    mostPercent: 3,
    rounds: target.rounds,
  }));
}

const importSample = ({ port }: Api, apiKey: string) =>
  importFolder(createClient({ baseUrl: `http://127.0.0.1:${port}`, apiKey }), sampleFolder, () => {});

/**
 * As Kubernetes does every few seconds. These checks send requests themselves, by code of Node that the server's responses share:
 * a process that sends none is faster than any in production.
 */
async function checkDependencies({ port }: Api) {
  for (let times = 0; times < 50; times++)
    await (await fetch(`http://127.0.0.1:${port}/readyz`)).arrayBuffer();
}

/** The processor time of the process for a request. */
async function microseconds({ ask, port }: Api, path: string, amount: number): Promise<number> {
  const before = await ask<number>('cpu', undefined);
  const { non2xx, errors } = await autocannon({
    url: `http://127.0.0.1:${port}${path}`,
    connections,
    amount,
  });
  const milliseconds = (await ask<number>('cpu', undefined)) - before;
  if (non2xx + errors > 0) throw new Error(`${path}: ${non2xx + errors} requests failed.`);
  return (milliseconds * 1000) / amount;
}
