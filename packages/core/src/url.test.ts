import { describe, expect, test } from 'vitest';
import { webhookFields } from './webhook/schemas.ts';
import { httpsUrl } from './url.ts';

/** Addresses that parsers by WHATWG and by RFC 3986 read differently, or that hide who they lead to. */
const tricks = [
  'https://example.com\\@evil.example/',
  'https:\\\\example.com/',
  'https://example.com/a\\..\\b',
  'https://good.example@evil.example/',
  'https://@evil.example/',
  'https://user:secret@evil.example/',
  'https:evil.example',
  'https:/evil.example/',
  'https:///evil.example/',
  'https://exa\tmple.com/',
  'https://example.com/\n',
  ' https://example.com/',
  'https://example.com/a b',
  'https://example.com/\u00a0',
  'https://example.com/\u0000',
  'https://example.com/\u202egpj.exe',
  'https://example.com/\u2066x\u2069',
  'https://example.com/\ud800',
];

/** Addresses whose host is converted before it is looked up. */
const convertedHosts = [
  'https://ｅxample.com/',
  'https://example。com/',
  'https://exam\u00adple.com/',
  'https://ex%61mple.com/',
  'https://faß.example/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://127.1/',
];

describe('a URL that members write', () => {
  test.each([
    'https://example.com',
    'https://EXAMPLE.com:8443/a/../b?q=1#part',
    'https://example.com/@scope/name?to=a@b.example',
    'https://example.com/Γραφή?q=日本',
    'https://bücher.example/',
    'https://xn--bcher-kva.example/',
    'https://192.0.2.1/',
    'https://[2001:db8::1]:8443/',
  ])('may be %j, and is stored as it was sent', (url) => {
    expect(httpsUrl.parse(url)).toBe(url);
  });

  test.each([...tricks, ...convertedHosts, 'http://example.com/', 'javascript:alert(1)', 'nowhere', ''])(
    'may not be %j',
    (url) => {
      expect(httpsUrl.safeParse(url).success).toBe(false);
    },
  );

  test('whose host is converted is refused with the host that it leads to', () => {
    const { error } = httpsUrl.safeParse('https://ｅxample.com/');
    expect(error?.issues.map(({ message }) => message)).toEqual([
      'Expected a host that is written as it is looked up: "example.com".',
    ]);
  });

  test.each(tricks)('to be sent to may not be %j', (url) => {
    expect(webhookFields.url.safeParse(url).success).toBe(false);
  });
});
