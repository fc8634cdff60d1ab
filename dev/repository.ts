import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Absolute path of the repository. This code runs from its sources and from a bundle in a deeper folder. */
const repository = findRepository(import.meta.dirname);

function findRepository(folder: string): string {
  return existsSync(join(folder, 'package-lock.json')) ? folder : findRepository(dirname(folder));
}

/** Absolute path of a file or folder, by its path from the root of the repository. */
export const inRepository = (path: string) => join(repository, path);
