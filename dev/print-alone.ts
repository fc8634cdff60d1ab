import { fstatSync, ftruncateSync, writeSync } from 'node:fs';
import { bannerOfNpm } from './settings.ts';

/**
 * Prints a text as all of the standard output. `npm run` prints what it runs before: in a file, that is overwritten; a
 * pipe has passed it on already, which is said.
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
    console.error('npm has printed two lines before this: with npm run --silent … it does not.');
  }
}
