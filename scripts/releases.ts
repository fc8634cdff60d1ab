/**
 * The releases, read from git: a release is a commit that changed `version` in the root package.json. Later states are
 * compared with these commits, which no change of a file can alter.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A release or the working tree. `version` is that of package.json; undefined if it has none. */
export type State = {
  name: string;
  version: string | undefined;
  /** Missing for the working tree. */
  commit?: string;
  /** The text of a file by its path in the repository; undefined if it does not exist. */
  read(path: string): string | undefined;
};

/** The releases among the ancestors of the checked-out commit, oldest first, and the working tree. */
export type History = { releases: State[]; tree: State };

/** Reads the history of a repository. Throws if there is no repository, or only a shallow clone. */
export function readHistory(root: string): History {
  requireFullHistory(root);
  // Merges count as changes of the branch into which they were merged.
  const candidates = git(root, [
    'log',
    '--first-parent',
    '--diff-merges=first-parent',
    '--no-patch',
    '--reverse',
    '--format=%H',
    '-G"version"',
    '--',
    'package.json',
  ]);
  const states = candidates
    .split('\n')
    .filter(Boolean)
    .map((commit) => stateAt(root, commit));
  const versioned = states.filter(({ version }) => version !== undefined);
  const releases = versioned.filter(({ version }, at) => version !== versioned[at - 1]?.version);
  return { releases, tree: stateOfTree(root) };
}

function requireFullHistory(root: string) {
  let isShallow: boolean;
  try {
    isShallow = git(root, ['rev-parse', '--is-shallow-repository']).trim() === 'true';
  } catch (error) {
    throw new Error(
      `Releases are read from git, and git cannot read this folder: ${reasonOf(error)} Clone the repository.`,
      { cause: error },
    );
  }
  if (!isShallow) return;
  throw new Error(
    'Releases are read from the history in git, and this clone is shallow. Run `git fetch --unshallow`; ' +
      'in a workflow, give actions/checkout `fetch-depth: 0`.',
  );
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  return (stderr || message).trim();
}

function git(root: string, args: string[]): string {
  return execFileSync('git', args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 64 * 1024 ** 2,
  });
}

function stateAt(root: string, commit: string): State {
  const read = (path: string) => {
    if (git(root, ['ls-tree', '--name-only', commit, '--', path]) === '') return undefined;
    return git(root, ['show', `${commit}:./${path}`]);
  };
  const version = versionIn(read('package.json'));
  return { name: `${version} (${commit.slice(0, 7)})`, version, commit, read };
}

function stateOfTree(root: string): State {
  const read = (path: string) => {
    try {
      return readFileSync(join(root, path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  };
  return { name: 'the working tree', version: versionIn(read('package.json')), read };
}

function versionIn(packageJson: string | undefined): string | undefined {
  return packageJson === undefined ? undefined : (JSON.parse(packageJson) as { version?: string }).version;
}
