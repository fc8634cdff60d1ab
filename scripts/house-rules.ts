/**
 * The rules of this repository that no other tool checks. Each takes the repository's files and returns one line per
 * problem: where it is, what is wrong, what would be right.
 */
import { posix } from 'node:path';

/** Maps paths from the root, with `/`, to texts; the text of a binary file is empty. */
export type Files = ReadonlyMap<string, string>;

const lineOf = (text: string, index: number) => text.slice(0, index).split('\n').length;

function exists(files: Files, path: string) {
  return path === '.' || files.has(path) || [...files.keys()].some((file) => file.startsWith(`${path}/`));
}

/** Blanks code but preserves its length and lines, so that positions stay valid. */
const blank = (code: string) => code.replaceAll(/[^\n]/g, ' ');

/** Markdown's inline links and images, its reference definitions, and attributes of HTML within it. */
const linkTargets = /\]\(\s*<?([^)\s>]+)|^ *\[[^\]]+\]:\s*<?([^\s>]+)|(?:src|href)="([^"]+)"/gm;

/** Every file that README.md or docs/ links to is in the repository, and every `npm run` names a script. */
export function findBrokenReferences(files: Files): string[] {
  const { scripts }: { scripts: Record<string, string> } = JSON.parse(files.get('package.json') ?? '{}');
  const documents = [...files].filter(([path]) => path === 'README.md' || /^docs\/.*\.md$/.test(path));
  return documents.flatMap(([path, text]) => {
    const prose = text.replaceAll(/^( *)(```|~~~)[^]*?^\1\2|`[^`\n]+`/gm, blank);
    const links = [...prose.matchAll(linkTargets)];
    const broken = links.flatMap((link) => {
      const target = link[1] ?? link[2] ?? link[3] ?? '';
      const file = decodeURI(target.replace(/[#?].*$/, ''));
      if (file === '' || /^([a-z][a-z0-9+.-]*:|\/\/)/i.test(target)) return [];
      const linked = posix.join(file.startsWith('/') ? '.' : posix.dirname(path), file).replace(/\/$/, '');
      if (exists(files, linked)) return [];
      return [`${path}:${lineOf(text, link.index)}: links to ${target}, but there is no ${linked}.`];
    });
    const unknown = [...text.matchAll(/\bnpm run (\w[\w:-]*)/g)].flatMap((command) => {
      if (Object.hasOwn(scripts, command[1] ?? '')) return [];
      return [
        `${path}:${lineOf(text, command.index)}: names \`${command[0]}\`, which package.json does not have.`,
      ];
    });
    return [...broken, ...unknown];
  });
}

/** No file contains an absolute path of the machine it was written on: a home or work folder, or this checkout. */
export function findMachinePaths(files: Files, checkout: string): string[] {
  const folders = /(?<![\w.~}/-])(\/(home|Users|root|work|workspaces?)\/|[A-Z]:\\Users\\)[\w.-]+/;
  return [...files].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) => {
      const found = line.includes(checkout) ? checkout : folders.exec(line)?.[0];
      return found
        ? [`${path}:${index + 1}: contains ${found}, a path of one machine. Make it relative.`]
        : [];
    }),
  );
}

/**
 * The files whose queries run on most requests. An unprepared Drizzle query is several times slower than a named
 * prepared statement; the type of `.prepare()` requires the name.
 */
const hotFiles = /^packages\/core\/src\/(?:.*\/)?(?:queries|read|internal|tenancy|authenticate)\.ts$/;

/** Every query of a hot file has to be prepared, which an awaited query builder never is. */
export function findUnpreparedQueries(files: Files): string[] {
  const awaited = /\bawait\s+(?:[\w.]+\.)?(?:db|reader|tx)\s*\.(?:select|query|execute|\$count|with)\b/g;
  const hot = [...files].filter(([path]) => hotFiles.test(path) && !path.endsWith('.test.ts'));
  return hot.flatMap(([path, text]) =>
    [...text.matchAll(awaited)].map(
      ({ index }) =>
        `${path}:${lineOf(text, index)}: runs an unprepared query. Build it once, ending in .prepare('name'), and execute that.`,
    ),
  );
}

/** package-lock.json has to work with any registry. `npm ci` checks that it matches every package.json. */
export function findRegistryAddresses(files: Files): string[] {
  const lockfile: { packages: Record<string, { resolved?: string }> } = JSON.parse(
    files.get('package-lock.json') ?? '{}',
  );
  const bound = Object.entries(lockfile.packages).filter(([, entry]) => entry.resolved?.startsWith('http'));
  return bound.map(
    ([path]) => `package-lock.json: ${path} names its registry. .npmrc keeps that out; install again.`,
  );
}
