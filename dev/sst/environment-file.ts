import { join } from 'node:path';

/** The folder with the local data of `sst dev`. */
export const sstFolder = (dataDir: string) => join(dataDir, 'sst-dev');

/** The file with a program's connection string and encryption keys, written by database.ts; secret. */
export const environmentFile = (dataDir: string, name: string) => join(sstFolder(dataDir), `${name}.env`);
