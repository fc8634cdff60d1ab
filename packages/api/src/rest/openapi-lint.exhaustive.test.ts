import spectral from '@stoplight/spectral-core';
import { expect, test } from 'vitest';
import { ruleset } from './openapi-lint.ts';
import { formatDocument } from './openapi-write.ts';
import { describeApi } from './openapi.ts';

test(
  'Spectral finds nothing to improve by its own rules and those of OWASP',
  { timeout: 180_000 },
  async () => {
    const linter = new spectral.Spectral();
    linter.setRuleset(new spectral.Ruleset(ruleset));
    const found = await linter.run(formatDocument(describeApi()));
    expect(found.map(({ code, message, path }) => `${path.join('/')}: ${message} (${code})`)).toEqual([]);
  },
);
