import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Serves the built web-status. Files with a hash in their name never change. */
export async function registerWeb(app: FastifyInstance, root: string) {
  await app.register(fastifyStatic, {
    root,
    immutable: true,
    maxAge: '365d',
    setHeaders: (reply, path) => {
      if (path.endsWith('.html')) reply.header('cache-control', 'no-cache');
    },
  });
}

/** True for a page of web-status: its addresses are known in the browser only, and all get the same file. */
export function asksForPage({ method, url, headers }: FastifyRequest): boolean {
  const isPage = !/^\/(api|trpc|assets)\b/.test(url) && headers.accept?.includes('text/html');
  return (method === 'GET' || method === 'HEAD') && isPage === true;
}

export function sendPage(reply: FastifyReply) {
  return reply.header('cache-control', 'no-cache').sendFile('index.html', { immutable: false, maxAge: 0 });
}
