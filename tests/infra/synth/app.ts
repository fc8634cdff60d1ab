import type { Inputs, Resource } from './resource.ts';

/** A Kubernetes object. */
export type Manifest = Inputs & { apiVersion: string; kind: string; metadata: Inputs & { name: string } };

/** All resources of a stage. */
export class App {
  readonly resources: readonly Resource[];
  readonly outputs: Inputs;

  constructor(resources: readonly Resource[], outputs: unknown) {
    this.resources = resources;
    this.outputs = outputs as Inputs;
  }

  /** All resources of a type, such as `aws:sqs/queue:Queue`, or shorter `queue:Queue` or `Queue`. */
  all(type: string): Resource[] {
    return this.resources.filter(
      (one) => one.type === type || (/[:/]/.test(one.type.at(-type.length - 1)!) && one.type.endsWith(type)),
    );
  }

  /** The resource of a type, and of a name if given. Throws unless there is exactly one. */
  one(type: string, name?: string): Resource {
    const found = this.all(type).filter((resource) => name === undefined || resource.name === name);
    const [first] = found;
    if (first && found.length === 1) return first;
    const names = this.all(type).map((resource) => resource.name);
    throw new Error(
      `Expected one ${type}${name ? ` named ${name}` : ''}: there are ${names.join(', ') || 'none'}.`,
    );
  }

  /** The Kubernetes objects as manifests. */
  get manifests(): Manifest[] {
    return this.resources
      .filter(({ type, inputs }) => type.startsWith('kubernetes:') && inputs.apiVersion && inputs.kind)
      .map(({ inputs }) => inputs as Manifest);
  }
}
