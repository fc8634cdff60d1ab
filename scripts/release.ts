/**
 * `npm run release -- <version>`: releases the current commit. Moves the changes under Unreleased in CHANGELOG.md to the
 * version, sets it in package.json, commits and tags that. If there are problems, it prints them and changes nothing.
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findUnannouncedBreaks } from './api-rules.ts';
import { releaseUnreleased, sectionOf } from './changelog.ts';
import { findMigrationProblems } from './migrations.ts';
import { type History, type State, readHistory } from './releases.ts';
import { isHigher, parseVersion } from './versions.ts';

const changedFiles = ['CHANGELOG.md', 'package.json', 'package-lock.json'];

/** Makes a release on a day such as `2026-11-30`. Throws an error with a message for users if it is not possible. */
export async function release(root: string, version: string, day: string): Promise<void> {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  const parsed = parseVersion(version);
  if (!parsed) throw new Error(`"${version}" is not a version: expected one such as 0.2.0.`);
  if (git('status', '--porcelain') !== '')
    throw new Error('There are uncommitted changes (`git status`): commit or stash them.');
  if (git('tag', '--list', `v${version}`) !== '') throw new Error(`The tag v${version} already exists.`);

  const history = readHistory(root);
  const last = history.releases.at(-1)?.version;
  const before = last === undefined ? undefined : parseVersion(last);
  if (before && !isHigher(parsed, before))
    throw new Error(`${version} is not higher than ${last}, the last release.`);
  const files = filesOf(history.tree, version, day);
  const problems = await problemsOf(history, version, files);
  if (problems.length > 0) throw new Error(`This cannot be released as ${version}.\n${problems.join('\n')}`);

  try {
    for (const [path, text] of files) writeFileSync(join(root, path), text);
    git('commit', '--quiet', '--message', `Release ${version}`, '--', ...changedFiles);
    git('tag', '--annotate', '--message', `Release ${version}`, `v${version}`);
  } catch (error) {
    // No work is lost: everything was committed before.
    git('restore', '--staged', '--worktree', '--', ...changedFiles);
    throw error;
  }
}

/** The new content of the files that a release changes. */
function filesOf({ read }: State, version: string, day: string): Map<string, string> {
  const changelog = read('CHANGELOG.md') ?? '';
  if (!/^[-*] \S/m.test(sectionOf(changelog, 'Unreleased') ?? ''))
    throw new Error(
      'CHANGELOG.md has no changes under "## [Unreleased]": describe there what changed for users.',
    );
  const lockfile = JSON.parse(read('package-lock.json')!) as { packages: Record<string, object> };
  const locked = { ...lockfile.packages, '': withVersion(lockfile.packages['']!, version) };
  return new Map([
    ['CHANGELOG.md', releaseUnreleased(changelog, version, day)],
    ['package.json', toText(withVersion(JSON.parse(read('package.json')!) as object, version))],
    ['package-lock.json', toText(withVersion({ ...lockfile, packages: locked }, version))],
  ]);
}

/** Puts the version right after the name, as npm does. */
function withVersion(manifest: object, version: string): object {
  const { name, version: _, ...rest } = manifest as { name: string; version?: string };
  return { name, version, ...rest };
}

const toText = (value: object) => `${JSON.stringify(value, null, 2)}\n`;

async function problemsOf({ releases, tree }: History, version: string, files: Map<string, string>) {
  const released: State = {
    name: 'this release',
    version,
    read: (path) => files.get(path) ?? tree.read(path),
  };
  const history = { releases, tree: released };
  return [...findUnannouncedBreaks(history), ...(await findMigrationProblems(history))];
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const [version, ...others] = process.argv.slice(2);
  try {
    if (version === undefined || others.length > 0) throw new Error('Usage: npm run release -- <version>');
    await release(root, version, new Date().toISOString().slice(0, 10));
    console.log(`Released ${version}. Publish it: git push --follow-tags`);
  } catch (error) {
    const { message, stderr } = error as Error & { stderr?: string };
    console.error(stderr || message);
    process.exitCode = 1;
  }
}
