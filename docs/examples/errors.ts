import { type ApiError, result } from '@portfolio/api/client';
import { api } from './connect.ts';

function explain(error: ApiError): string {
  if (error.code === 'invalid_input') {
    return error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('\n');
  }
  if (error.code === 'unreachable' || error.code === 'timeout') {
    return `It is unknown whether this was done: ${error.detail}`;
  }
  return `${error.title}. ${error.detail}`;
}

const { data, error } = await result(api.portfolio.create.mutate({ slug: 'Not a slug', name: 'Team' }));
console.log(error === null ? `Created ${data.slug}` : explain(error));
