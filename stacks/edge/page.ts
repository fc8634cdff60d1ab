import { publicPathsFor } from '../k8s/public-paths.ts';

/** Path patterns that CloudFront forwards to the API. */
export const apiCalls = publicPathsFor('browsers').flatMap(({ path, matches }) => [
  ...(matches === 'below' ? [] : [path]),
  ...(matches === 'exact' ? [] : [`${path}/*`]),
]);

/**
 * A CloudFront function (cloudfront-js-2.0) that serves index.html for every path, because the page routes in the browser.
 * Paths below `/assets/` keep their 404.
 */
export const pageAddresses = `function handler(event) {
  var request = event.request;
  if (!request.uri.startsWith('/assets/')) request.uri = '/index.html';
  return request;
}`;

/** The API's security headers (packages/api/src/security-headers.ts), and Strict-Transport-Security. */
export const pageHeaders = {
  comment: 'Security headers of web-status',
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
