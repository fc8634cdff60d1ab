import spectral from '@stoplight/spectral-core';
import { expect, test } from 'vitest';
import { ruleset } from './openapi-lint.ts';
import { describeApi } from './openapi-write.ts';

test(
  'Spectral finds nothing to improve by its own rules and those of OWASP',
  { timeout: 180_000 },
  async () => {
    const { text } = await describeApi();
    const linter = new spectral.Spectral();
    linter.setRuleset(new spectral.Ruleset(ruleset));
    const found = await linter.run(text);
    expect(found.map(({ code, message, path }) => `${path.join('/')}: ${message} (${code})`)).toEqual([]);
  },
);
