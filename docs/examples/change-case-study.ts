import { result } from '@portfolio/api/client';
import { api } from './connect.ts';

const study = { portfolio: 'portfolio-engineering', slug: 'outbox-and-leases' };
const { version, tags } = await api.caseStudy.read.query(study);

const change = { ...study, tags: [...new Set([...tags, 'reviewed'])], expectedVersion: version };
const changed = await api.caseStudy.update.mutate(change);
console.log(`Version ${changed.version} has the tags ${changed.tags.join(', ')}.`);

// The version that was read is no longer the newest: the change is refused.
const { error } = await result(api.caseStudy.update.mutate({ ...change, tags }));
if (error?.code === 'precondition_failed') console.log(error.detail);
