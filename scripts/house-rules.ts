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
  const documents = [...files].filter(([path]) =>
    /^(README|CONTRIBUTING|CHANGELOG|docs\/.*)\.md$/.test(path),
  );
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

/** The nouns of core, each above those that it may import from. Tables (`*.sql.ts`) are free for all of them. */
const layers = [
  ['person'],
  ['removable-object', 'image', 'upload', 'audit', 'api-key', 'session'],
  ['member', 'job'],
  ['webhook', 'invitation'],
  ['artifact', 'metric'],
  ['evidence'],
  ['claim'],
  ['case-study'],
  ['portfolio'],
  ['me'],
  ['operator'],
  ['schedule'],
];

/**
 * No noun of core imports one that stands above it or beside it, and the files of core's root import none. Telemetry, and which
 * errors are outages, is below all of them.
 */
export function findUpwardImports(files: Files): string[] {
  const core = 'packages/core/src/';
  const sources = [...files].filter(
    ([path]) => path.startsWith(core) && /(?<!\.test|testing)\.ts$/.test(path),
  );
  return sources.flatMap(([path, text]) => {
    const noun = nounOf(path.slice(core.length));
    if (noun === 'runtime' || path === `${core}index.ts`) return [];
    if (noun !== '' && noun !== 'telemetry' && rank(noun) === -1)
      return [`${path}: scripts/house-rules.ts has no layer for "${noun}".`];
    return [...text.matchAll(/^(?:import|export)\b[^;]*? from '(\.[^']+)';/gm)].flatMap(
      ({ 1: target = '', index }) => {
        const imported = posix.join(posix.dirname(path), target);
        const other = nounOf(imported.slice(core.length));
        if (other === noun || other === '' || other === 'telemetry' || imported.endsWith('.sql.ts'))
          return [];
        if (noun !== '' ? rank(other) < rank(noun) : imported === `${core}runtime/outage.ts`) return [];
        return [
          `${path}:${lineOf(text, index)}: imports ${other}, which is not below ${noun || "core's root"}. See the layers in scripts/house-rules.ts.`,
        ];
      },
    );
  });
}

const rank = (noun: string) => layers.findIndex((layer) => layer.includes(noun));

/** The folder of a file below core's root; '' for the root itself. */
const nounOf = (path: string) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '');

/** Words that were private to this project, and the standard term for each. */
const privateWords: [word: RegExp, standard: string][] = [
  [/strangers?/, 'anonymous reader, or non-member'],
  [/insiders?/, 'member'],
  [/doorbells?/, 'outbox notifier'],
  [/(un)?rung|unring/, 'enqueued, requeue'],
  [/bur(y|ied|ies) (dead|lost|undelivered|jobs?|letters?)|bury\w+/, 'mark dead'],
  [/tell(s|ing)? (of|about)|told of/, 'notify, report'],
  [/(is|are|was|were) away/, 'unavailable'],
  [/mend(s|ed|ing)?/, 'fix'],
  [/heed(s|ed|ing)?/, 'handle, respond to'],
  [/hasten(s|ed|ing)?/, 'raise the priority'],
];

/** Names and prose use the standard terms of the field. */
export function findPrivateWords(files: Files): string[] {
  const prose = [...files].filter(
    ([path]) =>
      /\.(ts|tsx|mjs|md|sql|yml|rego)$|^stacks\/.*\.json$/.test(path) &&
      !/^(drizzle\/|dev\/sample\/)|house-rules/.test(path),
  );
  return prose.flatMap(([path, text]) =>
    privateWords.flatMap(([word, standard]) =>
      [...text.matchAll(new RegExp(`\\b(?:${word.source})\\b`, 'gi'))].map(
        ({ 0: found, index }) =>
          `${path}:${lineOf(text, index)}: says "${found}". The standard term: ${standard}.`,
      ),
    ),
  );
}
