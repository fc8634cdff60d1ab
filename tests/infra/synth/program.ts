// Bundled with sst.config.ts by bundle.ts and run in a process of its own: evaluates one stage under Pulumi's mocks and
// writes down every resource that it would make. Nothing imports it.
import { runInPulumiStack, setMocks } from '@pulumi/pulumi/runtime/index.js';
import { MockMonitor } from '@pulumi/pulumi/runtime/mocks.js';
import { Output } from '@pulumi/pulumi/output.js';
import { writeFileSync } from 'node:fs';
import config from '../../../sst.config.ts';
import { run } from '../../../.sst/platform/src/auto/run.ts';
import { answerOf, stateOf } from './fakes.ts';
import type { Request, Resource, Synthesis } from './resource.ts';

declare global {
  var synth: Request;
}
const { synth } = globalThis;
Object.assign(synth.app, await config.app(synth.app));

const resources: (Resource & { isRegistered?: boolean })[] = [];

function finish(synthesis: Synthesis): void {
  writeFileSync(synth.outFile, JSON.stringify(synthesis));
}
function fail(error: unknown): never {
  finish({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exit(1);
}
process.on('unhandledRejection', fail);

// Mocks are told types, names and inputs; what else a resource is registered with is in the request alone.
const { registerResource } = MockMonitor.prototype;
MockMonitor.prototype.registerResource = function register(this: MockMonitor, request, callback) {
  return registerResource.call(this, request, (error, response) => {
    const made = resources.find(
      ({ isRegistered, type, name }) =>
        !isRegistered && type === request.getType() && name === request.getName(),
    );
    if (made && response) {
      made.isRegistered = true;
      made.urn = response.getUrn();
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

await setMocks(
  {
    newResource({ type, name, inputs, custom }) {
      resources.push({ type, name, inputs, isCustom: custom ?? false, urn: '' } as Resource);
      const { id, ...state } = stateOf(type, name, inputs);
      return { id, state: { ...inputs, ...state } };
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

let outputs: unknown;
await runInPulumiStack(async () => (outputs = await run(config.run)));

/** Fires again and again while something is left to do, and ends when nothing is. */
process.once('beforeExit', () => {
  void resolved(outputs).then((plain) =>
    finish({ resources: resources.map(({ isRegistered: _, ...resource }) => resource), outputs: plain }),
  );
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
