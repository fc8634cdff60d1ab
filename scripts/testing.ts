import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { State } from './releases.ts';

/** A state with some files, each a text or an object that is stored as JSON. */
export function stateOf(version: string | undefined, files: Record<string, unknown>): State {
  const read = (path: string) => (files[path] === undefined ? undefined : textOf(files[path]));
  return { name: version ?? 'a state', version, read };
}

const textOf = (content: unknown) =>
  typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;

/** An empty git repository in its own folder. */
export async function createRepository() {
  const folder = await mkdtemp(join(tmpdir(), 'repository-'));
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  git('init', '--quiet', '--initial-branch=main');
  const settings = {
    'user.name': 'Test',
    'user.email': 'test@example.com',
    'commit.gpgsign': 'false',
    'tag.gpgsign': 'false',
    'core.fsync': 'none',
  };
  for (const [name, value] of Object.entries(settings)) git('config', name, value);

  async function write(files: Record<string, unknown>) {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(folder, dirname(path)), { recursive: true });
      await writeFile(join(folder, path), textOf(content));
    }
  }
  return {
    folder,
    git,
    write,
    async commit(files: Record<string, unknown>) {
      await write(files);
      git('add', '--all');
      git('commit', '--quiet', '--message', 'Change');
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
