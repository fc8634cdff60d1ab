import owasp from '@stoplight/spectral-owasp-ruleset';
import { oas } from '@stoplight/spectral-rulesets';

/** What Spectral holds the document against: all of its rules for OpenAPI and those of OWASP but these. */
export const ruleset = {
  extends: [[oas, 'all'], owasp],
  rules: {
    // A list of roles is allowed for any kind of security since OpenAPI 3.1 (4.8.30); the rule knows 3.0 only.
    'oas3-operation-security-defined': 'off',
    // Whom to ask is up to who runs an installation: the project has no address for that.
    'contact-properties': 'off',
    // Pages of other origins are not let in: an answer without this header says so.
    'owasp:api8:2023-define-cors-origin': 'off',
    // Most texts are prose, of which nothing can be said but its length, which another rule asks for.
    'owasp:api4:2023-string-restricted': 'off',
    // Refusals, which all operations share, are looked at once: that is most of the rule's time.
    'oas3-valid-media-example': {
      ...oas.rules['oas3-valid-media-example'],
      given: [
        '$.components.responses[*].content[*]',
        '$.paths[*][*].requestBody.content[*]',
        '$.paths[*][*].responses[?(@property < "400")].content[*]',
        '$.components[headers,parameters][*]',
        '$.paths[*][*].parameters[*]',
      ],
    },
  },
};
