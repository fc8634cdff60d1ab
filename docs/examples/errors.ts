import { result } from '@portfolio/api/client';
import { api } from './connect.ts';

const { data, error } = await result(api.portfolio.create.mutate({ slug: 'Not a slug', name: 'Team' }));

if (error === null) {
  console.log(`Created ${data.slug}`);
} else if (error.code === 'invalid_input') {
  for (const { pointer, detail } of error.errors) console.log(`${pointer}: ${detail}`);
} else if (error.code === 'unreachable' || error.code === 'timeout') {
  console.log(`Nothing is known of it: ${error.detail}`);
} else {
  console.log(`${error.title}. ${error.detail}`);
}
