/** What a synthesis is asked with; `app`, `cli` and `dev` are what SST's program knows of its call. */
export type Request = {
  app: { name: string; stage: string };
  cli: Record<string, unknown>;
  dev: boolean;
  outFile: string;
};

/** How a resource is registered, beside its inputs; resources by their URN. */
type Options = {
  parent: string;
  protect: boolean;
  retainOnDelete: boolean;
  dependsOn: string[];
  ignoreChanges: string[];
  provider: string;
};

/** Inputs of a resource, as its provider would get them: whatever JSON holds, as `JSON.parse` types it. */
export type Inputs = Record<string, ReturnType<typeof JSON.parse>>;

/** A resource that a deployment would make. `type` is Pulumi's, such as `aws:sqs/queue:Queue`. */
export type Resource = {
  type: string;
  name: string;
  inputs: Inputs;
  /** The names of those inputs that Pulumi encrypts in its state. */
  secretInputs: string[];
  /** False for components, which only group others. */
  isCustom: boolean;
  urn: string;
  options: Options;
  /** What a component says of itself; nothing of other resources. */
  outputs: Inputs;
};

export type Synthesis = { resources: Resource[]; outputs: unknown } | { error: string };
