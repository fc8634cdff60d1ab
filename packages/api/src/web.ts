import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Serves the built web-status. Its files have a hash in their name, so they never change. */
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

/** True for a request for a page of web-status. Its router runs in the browser, so all pages are the same file. */
export function isPageRequest({ method, url, headers }: FastifyRequest): boolean {
  const isPage = !/^\/(api|trpc|assets)\b/.test(url) && headers.accept?.includes('text/html');
  return (method === 'GET' || method === 'HEAD') && isPage === true;
}

export function sendPage(reply: FastifyReply) {
  return reply.header('cache-control', 'no-cache').sendFile('index.html', { immutable: false, maxAge: 0 });
}
