import owasp from '@stoplight/spectral-owasp-ruleset';
import { oas } from '@stoplight/spectral-rulesets';

/** Spectral's rules for the document: all rules for OpenAPI and those of OWASP, with these exceptions. */
export const ruleset = {
  extends: [[oas, 'all'], owasp],
  rules: {
    // OpenAPI 3.1 allows scopes for every security scheme (4.8.30). The rule implements 3.0.
    'oas3-operation-security-defined': 'off',
    // The contact depends on the operator of an installation. The project has no address for it.
    'contact-properties': 'off',
    // Other origins are not allowed, which the absence of the header expresses.
    'owasp:api8:2023-define-cors-origin': 'off',
    // Most strings are prose, for which only a length can be declared. Another rule requires that.
    'owasp:api4:2023-string-restricted': 'off',
    // Error responses are shared by all operations. Checking each once saves most of the rule's time.
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
