import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Files } from './house-rules.ts';

export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');

/** The files that git tracks or would track. */
export function readFiles(): Files {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
  });
  const paths = listed.toString().split('\0');
  const present = paths.filter((path) => path !== '' && existsSync(`${root}/${path}`));
  return new Map(
    present.map((path) => {
      const content = readFileSync(`${root}/${path}`);
      return [path, content.includes(0) ? '' : content.toString()];
    }),
  );
}
