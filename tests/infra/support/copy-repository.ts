import { execFileSync } from 'node:child_process';
import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { testFolder } from '../../support/folder.ts';
import { platformFolder, repository, sstFolder } from '../synth/platform.ts';

/**
 * Copies all tracked and untracked files to a temporary folder, and links the installed packages and SST's components, so
 * that changes can be evaluated there. Returns the folder.
 */
export async function copyRepository(): Promise<string> {
  const copy = await testFolder();
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: repository,
  });
  for (const path of listed
    .toString()
    .split('\0')
    .filter((file) => file !== '')) {
    await mkdir(dirname(join(copy, path)), { recursive: true });
    // Git also lists deleted files whose deletion is not committed.
    await cp(join(repository, path), join(copy, path)).catch(() => {});
  }
  await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'));
  // In a worktree, .git is not a folder.
  const gitFolder = execFileSync('git', ['rev-parse', '--absolute-git-dir'], { cwd: repository });
  await writeFile(join(copy, '.git'), `gitdir: ${gitFolder.toString().trim()}\n`);
  const platform = join(copy, '.sst/platform');
  await mkdir(platform, { recursive: true });
  await cp(join(sstFolder, 'provider-lock.json'), join(copy, '.sst/provider-lock.json'));
  for (const name of await readdir(platformFolder)) {
    if (name === 'node_modules') await symlink(join(platformFolder, name), join(platform, name));
    else if (name !== 'synth')
      await cp(join(platformFolder, name), join(platform, name), { recursive: true });
  }
  return copy;
}
