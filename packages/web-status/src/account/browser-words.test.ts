import { expect, test } from 'vitest';
import { browserWords } from './browser-words.ts';

const webKit = 'AppleWebKit/537.36 (KHTML, like Gecko)';

test.each([
  ['Firefox on Windows', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0'],
  ['Chrome on Linux', `Mozilla/5.0 (X11; Linux x86_64) ${webKit} HeadlessChrome/150.0.0.0 Safari/537.36`],
  ['Edge on Windows', `Mozilla/5.0 (Windows NT 10.0) ${webKit} Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0`],
  ['Chrome on Android', `Mozilla/5.0 (Linux; Android 16) ${webKit} Chrome/150.0.0.0 Mobile Safari/537.36`],
  [
    'Safari on macOS',
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${webKit} Version/26.0 Safari/605.1.15`,
  ],
  ['Safari on iOS', `Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) ${webKit} Safari/604.1`],
  ['curl/8.14.1', 'curl/8.14.1'],
  ['Unknown browser', null],
])('a session is shown as of %s', (words, userAgent) => {
  expect(browserWords(userAgent)).toBe(words);
});
