import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { createHash } from 'node:crypto';

/** Serves a page at `/api/docs/` to read the OpenAPI document and to try operations; all that it needs is here. */
export async function registerOpenApiPage(app: FastifyInstance) {
  await app.register(async (page) => {
    page.addHook('onSend', async (_request, reply, payload) => {
      if (String(reply.getHeader('content-type')).startsWith('text/html') && typeof payload === 'string')
        void reply.headers({ 'content-security-policy': policyFor(payload), 'cache-control': 'no-cache' });
      else void reply.header('cache-control', 'public, max-age=3600');
      return payload;
    });
    await page.register(scalar, {
      routePrefix: '/api/docs',
      configuration: {
        url: '/api/openapi.json',
        pageTitle: 'Portfolio API',
        favicon: 'data:,',
        // Nothing from elsewhere, and nothing to elsewhere.
        withDefaultFonts: false,
        telemetry: false,
        proxyUrl: '',
        agent: { disabled: true },
        mcp: { disabled: true },
        hideClientButton: true,
        showDeveloperTools: 'never',
        persistAuth: false,
      },
    });
  });
}

/** Lets in the scripts that are part of the page by their hashes (CSP 3, 8.3). Its styles are made while it runs. */
function policyFor(html: string): string {
  const scripts = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([^]*?)<\/script>/g)].map(
    ([, script]) => `'sha256-${createHash('sha256').update(script!).digest('base64')}'`,
  );
  return [
    "default-src 'none'",
    `script-src 'self' ${scripts.join(' ')}`,
    "style-src 'unsafe-inline'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
