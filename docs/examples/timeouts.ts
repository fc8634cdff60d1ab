import { type Inputs, createClient, result } from '@portfolio/api/client';
import { credentials } from './connect.ts';

// Up to six attempts of at most ten seconds each.
const api = createClient({ ...credentials, timeoutSeconds: 10, retries: 5 });

// A key that outlives this program: a second run gets the same answer, and nothing is created twice.
const team: Inputs['portfolio']['create'] = { slug: 'second-team', name: 'Second team' };
const created = await api.portfolio.create.mutate(team, {
  context: { idempotencyKey: 'set-up-second-team' },
});
console.log(created.slug);

// Aborted after two seconds.
const signal = AbortSignal.timeout(2000);
const { data, error } = await result(api.portfolio.read.query({ portfolio: 'second-team' }, { signal }));
console.log(data?.name ?? error?.detail);
