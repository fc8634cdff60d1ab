/**
 * `npm run verify`: runs tools that are not from npm; `npm run verify:all` adds those that take minutes. VERIFY_SKIP is a
 * comma-separated list of tools to skip, for example because they are not available.
 */
import { parseArgs } from 'node:util';
import { readVerifySettings } from '../dev/settings.ts';
import { runSteps, type Step } from './steps.ts';
import { actionlint } from './verify/actionlint.ts';
import { collector } from './verify/collector.ts';
import { kubeconform } from './verify/kubeconform.ts';
import { oasdiff } from './verify/oasdiff.ts';
import { schemathesis } from './verify/schemathesis.ts';
import { shellcheck } from './verify/shellcheck.ts';
import { zizmor } from './verify/zizmor.ts';

const quick: Record<string, Step> = { actionlint, zizmor, shellcheck, kubeconform };
const slow: Record<string, Step> = { oasdiff, schemathesis, collector };

try {
  const { values } = parseArgs({ options: { all: { type: 'boolean', default: false } } });
  const { VERIFY_SKIP: skipped } = readVerifySettings(Object.keys({ ...quick, ...slow }));
  if (skipped.length > 0) console.log(`Skipped by VERIFY_SKIP: ${skipped.join(', ')}.`);
  const tools = Object.entries(values.all ? { ...quick, ...slow } : quick);
  await runSteps(Object.fromEntries(tools.filter(([name]) => !skipped.includes(name))));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
