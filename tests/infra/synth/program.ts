// Evaluates one stage with Pulumi's mocks and writes its resources to a file. Bundled with sst.config.ts by bundle.ts and
// run in a process of its own.
import { registerStackTransformation, runInPulumiStack, setMocks } from '@pulumi/pulumi/runtime/index.js';
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js';
import { isRpcSecret, unwrapRpcSecret } from '@pulumi/pulumi/runtime/rpc.js';
import { Output } from '@pulumi/pulumi/output.js';
import { renameSync, writeFileSync } from 'node:fs';
import config from '../../../sst.config.ts';
import { run } from '../../../.sst/platform/src/auto/run.ts';
import { answerOf, stateOf } from './fakes.ts';
import type { Inputs, Request, Resource, Synthesis } from './resource.ts';

declare global {
  var synth: Request;
}
const { synth } = globalThis;
Object.assign(synth.app, await config.app(synth.app));

const resources: Resource[] = [];

const mapValues = (object: Inputs, change: (value: unknown) => unknown): Inputs =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));

function finish(synthesis: Synthesis): void {
  // Written under another name first, so that an interrupted run leaves no incomplete file.
  writeFileSync(`${synth.outFile}.part`, JSON.stringify(synthesis));
  renameSync(`${synth.outFile}.part`, synth.outFile);
}
function fail(error: unknown): never {
  finish({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exit(1);
}
process.on('unhandledRejection', fail);

// Mocks receive only type, name and inputs. Options are in the request.
const { registerResource, registerResourceOutputs } = MockMonitor.prototype;
MockMonitor.prototype.registerResource = function register(this: MockMonitor, request, callback) {
  return registerResource.call(this, request, (error, response) => {
    const urn: string = response?.getUrn();
    if (resources.some((resource) => resource.urn === urn)) fail(`Two resources have the URN ${urn}.`);
    const made = resources.find(
      (resource) =>
        !resource.urn && resource.type === request.getType() && resource.name === request.getName(),
    );
    if (made) {
      made.urn = urn;
      made.options = {
        parent: request.getParent(),
        protect: request.getProtect(),
        retainOnDelete: request.getRetainondelete(),
        dependsOn: request.getDependenciesList(),
        ignoreChanges: request.getIgnorechangesList(),
        provider: request.getProvider(),
      };
    }
    callback(error, response);
  });
};
MockMonitor.prototype.registerResourceOutputs = function register(this: MockMonitor, request, callback) {
  const made = resources.find(({ urn }) => urn === request.getUrn());
  if (made) made.outputs = request.getOutputs().toJavaScript();
  return registerResourceOutputs.call(this, request, callback);
};

await setMocks(
  {
    newResource({ type, name, inputs: given, custom }) {
      const secretInputs = Object.keys(given).filter((key) => isRpcSecret(given[key]));
      const inputs = mapValues(given, unwrapRpcSecret);
      const made = { type, name, inputs, secretInputs, isCustom: custom ?? false, urn: '', outputs: {} };
      resources.push(made as unknown as Resource);
      const { id, ...state } = stateOf(type, name, inputs);
      return { id, state: { ...given, ...state } };
    },
    call({ token, inputs }) {
      try {
        return answerOf(token, inputs);
      } catch (error) {
        // Pulumi would hide the reason.
        return fail(error);
      }
    },
  },
  synth.app.name,
  synth.app.stage,
  false,
  'organization',
);

/** Type and name of every resource that the program started to register. */
const started: string[][] = [];
let outputs: unknown;
await runInPulumiStack(async () => {
  registerStackTransformation(({ type, name }) => {
    started.push([type, name]);
    return undefined;
  });
  outputs = await run(config.run);
}).catch(fail);

/** `beforeExit` fires when nothing is pending, so that resources still missing will never be registered. */
process.once('beforeExit', () => {
  const missing = started.filter(
    ([type, name]) => !resources.some((one) => one.type === type && one.name === name),
  );
  if (missing.length > 0) fail(`These resources wait for inputs that never resolve: ${missing.join('; ')}`);
  if (JSON.stringify(resources).includes('Calling [toString] on an [Output<T>]'))
    fail('A string contains an output without `apply` or `$interpolate`.');
  void resolved(outputs).then((plain) => finish({ resources, outputs: plain }));
});

/** Pulumi's types do not declare this method. */
const promiseOf = (value: object) =>
  (value as { promise(withUnknowns: boolean): Promise<unknown> }).promise(true);

async function resolved(value: unknown): Promise<unknown> {
  if (Output.isInstance(value)) return resolved(await promiseOf(value));
  if (Array.isArray(value)) return Promise.all(value.map(resolved));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, inner]) => [key, await resolved(inner)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
