// `npm start`: runs `run-platform.ts` from the same bundle as the programs, which starts a second faster than from sources.
import { enableCompileCache } from 'node:module';
import { pathToFileURL } from 'node:url';
import { developmentPrograms } from './programs.ts';
import { readStartArguments } from './start-arguments.ts';

try {
  readStartArguments();
  const programs = await developmentPrograms(console.log);
  enableCompileCache(programs.compileCache);
  await import(pathToFileURL(programs.start).href);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
