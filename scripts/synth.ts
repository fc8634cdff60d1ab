/**
 * `npm run synth -- <stage> [--manifests]`: prints, as YAML, the resources that a deployment of a stage would create, without
 * an account: first all resources except Kubernetes objects, then those as manifests, each a separate document. Values that
 * AWS would assign are made up.
 */
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { printAlone } from '../dev/print-alone.ts';
import { synthesize } from '../tests/infra/synth/index.ts';

const usage = `Usage: npm run synth -- <stage> [--manifests]

<stage> is production, staging, dev (the stage of \`sst dev\`), or any other name for a developer's own stage.
--manifests prints only the Kubernetes objects, for tools that check them.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { manifests: { type: 'boolean', default: false } },
});
const [stage, ...others] = positionals;
if (stage === undefined || others.length > 0) {
  console.error(usage);
  process.exit(2);
}

const { resources, manifests } = await synthesize(stage);
const documents: unknown[] = [];
const objects = new Set<object>(manifests);
if (!values.manifests) {
  for (const { type, name, inputs, isCustom, options } of resources) {
    if (isCustom && !objects.has(inputs)) documents.push({ type, name, protect: options.protect, inputs });
  }
}
documents.push(...manifests);
printAlone(documents.map((document) => `---\n${stringify(document, { lineWidth: 0 })}`).join(''));
