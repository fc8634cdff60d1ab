import type { Inputs, Resource } from './resource.ts';

/** A Kubernetes object. */
export type Manifest = Inputs & { apiVersion: string; kind: string; metadata: Inputs & { name: string } };

/** All that a deployment of a stage would make. */
export class App {
  readonly resources: readonly Resource[];
  readonly outputs: Inputs;

  constructor(resources: readonly Resource[], outputs: unknown) {
    this.resources = resources;
    this.outputs = outputs as Inputs;
  }

  /** Those of a type: `aws:sqs/queue:Queue`, or its end, `queue:Queue` or `Queue`. */
  all(type: string): Resource[] {
    return this.resources.filter(
      (one) => one.type === type || (/[:/]/.test(one.type.at(-type.length - 1)!) && one.type.endsWith(type)),
    );
  }

  /** The only one of a type, or the one of that name. Throws where there is another number of them. */
  one(type: string, name?: string): Resource {
    const found = this.all(type).filter((resource) => name === undefined || resource.name === name);
    const [first] = found;
    if (first && found.length === 1) return first;
    const names = this.all(type).map((resource) => resource.name);
    throw new Error(
      `Expected one ${type}${name ? ` named ${name}` : ''}: there are ${names.join(', ') || 'none'}.`,
    );
  }

  /** The Kubernetes objects among them, as they would be applied. */
  get manifests(): Manifest[] {
    return this.resources
      .filter(({ type, inputs }) => type.startsWith('kubernetes:') && inputs.apiVersion && inputs.kind)
      .map(({ inputs }) => inputs as Manifest);
  }
}
