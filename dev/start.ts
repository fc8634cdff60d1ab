// `npm start`: what starts the platform is in the bundle with the programs that it starts, which takes a second less.
import { enableCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import { developmentPrograms } from './programs.ts';

try {
  const programs = await developmentPrograms(console.log);
  enableCompileCache(programs.compileCache);
  await import(pathToFileURL(programs.start).href);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
