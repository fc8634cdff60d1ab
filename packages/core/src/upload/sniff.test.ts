import { expect, test } from 'vitest';
import { sniffType } from './sniff.ts';

const text = (value: string) => Buffer.from(value);

test.each([
  ['a PDF, whatever type is declared', text('%PDF-1.7'), 'text/html', 'application/pdf'],
  ['a PNG', Buffer.from('89504e470d0a1a0a', 'hex'), 'image/jpeg', 'image/png'],
  ['a zip', Buffer.from('504b0304', 'hex'), 'application/vnd.oasis.opendocument.text', 'application/zip'],
  ['a tar', Buffer.concat([Buffer.alloc(257, 'a'), text('ustar')]), 'text/plain', 'application/x-tar'],
  ['CSV', text('a,b\n1,2\n'), 'text/csv; charset=utf-8', 'text/csv'],
  ['JSON', text('{"a":1}'), 'application/json', 'application/json'],
  ['a page, as text', text('<!doctype html><script>alert(1)</script>'), 'text/html', 'text/plain'],
  ['a drawing with a script, as text', text('<svg onload="alert(1)"/>'), 'image/svg+xml', 'text/plain'],
  [
    'a page in XML, as text',
    text('<html xmlns="http://www.w3.org/1999/xhtml">'),
    'application/xml',
    'text/plain',
  ],
  ['XML of other types, as text', text('<a/>'), 'text/xml', 'text/plain'],
  ['XHTML, as text', text('<a/>'), 'application/xhtml+xml', 'text/plain'],
  ['a style sheet, as text', text('<a/>'), 'application/xslt+xml; charset=utf-8', 'text/plain'],
  ['text that is cut within a character', text('zwölf').subarray(0, 3), 'text/plain', 'text/plain'],
  ['text that was declared as an image', text('no image'), 'image/png', 'text/plain'],
  ['unknown bytes', Buffer.from([0, 1, 2, 3]), 'text/plain', 'application/octet-stream'],
  ['bytes that are not UTF-8', Buffer.from([0x61, 0xff, 0xfe]), 'text/plain', 'application/octet-stream'],
])('the type is detected from the bytes: %s', (_, head, declared, expected) => {
  expect(sniffType(head, declared)).toBe(expected);
});
