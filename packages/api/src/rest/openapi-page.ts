import scalar from '@scalar/fastify-api-reference';
import type { FastifyInstance } from 'fastify';
import { createHash } from 'node:crypto';

/** Serves a page at `/api/docs/` to browse the OpenAPI document and to try operations. It loads nothing from elsewhere. */
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
        // No requests to other hosts.
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

/** Allows the inline scripts of the page by their hashes (CSP 3, 8.3). Its styles are generated at run time. */
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
