// Bundled with sst.config.ts by bundle.ts and run in a process of its own: evaluates one stage under Pulumi's mocks and
// writes down every resource that it would make. Nothing imports it.
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
  // Renamed when it is whole: an interrupted run leaves no half of it.
  writeFileSync(`${synth.outFile}.part`, JSON.stringify(synthesis));
  renameSync(`${synth.outFile}.part`, synth.outFile);
}
function fail(error: unknown): never {
  finish({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exit(1);
}
process.on('unhandledRejection', fail);

// Mocks are told types, names and inputs; what else a resource is registered with is in the request alone.
const { registerResource, registerResourceOutputs } = MockMonitor.prototype;
MockMonitor.prototype.registerResource = function register(this: MockMonitor, request, callback) {
  return registerResource.call(this, request, (error, response) => {
    const urn: string = response?.getUrn();
    if (resources.some((resource) => resource.urn === urn)) fail(`There are two resources ${urn}.`);
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
        // Pulumi would say that something failed, and not what.
        return fail(error);
      }
    },
  },
  synth.app.name,
  synth.app.stage,
  false,
  'organization',
);

/** Type and name of every resource that the program began to make. */
const begun: string[][] = [];
let outputs: unknown;
await runInPulumiStack(async () => {
  registerStackTransformation(({ type, name }) => {
    begun.push([type, name]);
    return undefined;
  });
  outputs = await run(config.run);
}).catch(fail);

/** Fires again and again while something is left to do, and ends when nothing is. */
process.once('beforeExit', () => {
  const unmade = begun.filter(
    ([type, name]) => !resources.some((one) => one.type === type && one.name === name),
  );
  if (unmade.length > 0) fail(`These wait for something that never comes: ${unmade.join('; ')}`);
  if (JSON.stringify(resources).includes('Calling [toString] on an [Output<T>]'))
    fail('A text holds an output that was not applied.');
  void resolved(outputs).then((plain) => finish({ resources, outputs: plain }));
});

/** The types of Pulumi do not know this method of its outputs. */
const promiseOf = (value: object) =>
  (value as { promise(withUnknowns: boolean): Promise<unknown> }).promise(true);

async function resolved(value: unknown): Promise<unknown> {
  if (Output.isInstance(value)) return resolved(await promiseOf(value));
  if (Array.isArray(value)) return Promise.all(value.map(resolved));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(async ([key, inner]) => [key, await resolved(inner)] as const);
  return Object.fromEntries(await Promise.all(entries));
}
