/** What is not the page's own: CloudFront passes it on to the API. */
export const apiCalls = ['/api/*', '/trpc', '/trpc/*'];

/**
 * A CloudFront function (cloudfront-js-2.0): addresses of the page are known in the browser only, and all get the same
 * file; what is missing in `/assets` stays missing.
 */
export const pageAddresses = `function handler(event) {
  var request = event.request;
  if (!request.uri.startsWith('/assets/')) request.uri = '/index.html';
  return request;
}`;

/** What the API tells browsers with every answer (packages/api/src/security-headers.ts), and to come by TLS alone. */
export const pageHeaders = {
  comment: 'Of web-status',
  securityHeadersConfig: {
    contentSecurityPolicy: {
      override: true,
      contentSecurityPolicy:
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'",
    },
    contentTypeOptions: { override: true },
    frameOptions: { override: true, frameOption: 'DENY' },
    referrerPolicy: { override: true, referrerPolicy: 'no-referrer' },
    strictTransportSecurity: { override: true, accessControlMaxAgeSec: 63_072_000, includeSubdomains: true },
  },
  customHeadersConfig: {
    items: [
      { header: 'cross-origin-opener-policy', value: 'same-origin', override: true },
      { header: 'cross-origin-resource-policy', value: 'same-origin', override: true },
    ],
  },
};
