// `npm run operator-key`
import { runApiProgram } from './api-program.ts';

await runApiProgram('operator-key');
