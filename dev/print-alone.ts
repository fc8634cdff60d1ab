import { fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { bannerOfNpm } from './settings.ts';

/**
 * Prints a text as the only content of the standard output. `npm run` prints a banner first: in a file, the banner is
 * overwritten; in a pipe it has been passed on already, and a hint says so.
 */
export function printAlone(text: string): void {
  const banner = bannerOfNpm();
  const output = fstatSync(1);
  if (banner === null || process.stdout.isTTY) {
    process.stdout.write(text);
  } else if (output.isFile() && output.size === Buffer.byteLength(banner)) {
    ftruncateSync(1);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) at += writeSync(1, bytes, at, bytes.length - at, at);
  } else {
    process.stdout.write(text);
    console.error('npm printed a banner before this text. Use npm run --silent … to avoid it.');
  }
}
