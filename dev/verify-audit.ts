// `npm run audit:verify`
import { runApiProgram } from './api-program.ts';

await runApiProgram('verify-audit');
