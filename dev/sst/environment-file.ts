import { join } from 'node:path';

/** Where `sst dev` keeps what is local of it. */
export const sstFolder = (dataDir: string) => join(dataDir, 'sst-dev');

/** What database.ts tells a program of how to sign in; secret, since the URL has a password. */
export const environmentFile = (dataDir: string, name: string) => join(sstFolder(dataDir), `${name}.env`);
