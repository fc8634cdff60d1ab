/**
 * `npm run synth -- <stage> [--dev]`: prints, as YAML, what a deployment of a stage would make, without an account: first every
 * resource but Kubernetes' objects, then these as manifests, each a document of its own. What AWS would decide is made up.
 */
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { synthesize } from '../tests/infra/synth/index.ts';

const usage = `Usage: npm run synth -- <stage> [--dev] [--manifests]

<stage> is production, staging, or any other name for a developer's own; --dev is what \`sst dev\` makes.
--manifests prints Kubernetes' objects alone, for tools that check them.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { dev: { type: 'boolean', default: false }, manifests: { type: 'boolean', default: false } },
});
const [stage, ...others] = positionals;
if (stage === undefined || others.length > 0) {
  console.error(usage);
  process.exit(2);
}

const app = await synthesize(stage, values.dev);
const print = (document: unknown) => process.stdout.write(`---\n${stringify(document, { lineWidth: 0 })}`);
if (!values.manifests) {
  for (const { type, name, inputs, isCustom, options } of app.resources) {
    if (isCustom && !type.startsWith('kubernetes:')) print({ type, name, protect: options.protect, inputs });
  }
}
for (const manifest of app.manifests) print(manifest);
