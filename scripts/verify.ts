/**
 * `npm run verify`: checks by tools that are not from npm. VERIFY_SKIP names those to leave out, separated by commas,
 * where they cannot be had.
 */
import { readVerifySettings } from '../dev/settings.ts';
import { runSteps, type Step } from './steps.ts';
import { actionlint } from './verify/actionlint.ts';
import { kubeconform } from './verify/kubeconform.ts';
import { shellcheck } from './verify/shellcheck.ts';
import { zizmor } from './verify/zizmor.ts';

const tools: Record<string, Step> = { actionlint, zizmor, shellcheck, kubeconform };

try {
  const { VERIFY_SKIP: skipped } = readVerifySettings(Object.keys(tools));
  if (skipped.length > 0) console.log(`Left out by VERIFY_SKIP: ${skipped.join(', ')}.`);
  await runSteps(Object.fromEntries(Object.entries(tools).filter(([name]) => !skipped.includes(name))));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
