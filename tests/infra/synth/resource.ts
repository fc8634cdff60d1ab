/** The input of a synthesis. `app`, `cli` and `dev` are the constants of SST's program. */
export type Request = {
  app: { name: string; stage: string };
  cli: Record<string, unknown>;
  dev: boolean;
  outFile: string;
};

/** The options of a resource. Other resources are named by URN. */
type Options = {
  parent: string;
  protect: boolean;
  retainOnDelete: boolean;
  dependsOn: string[];
  ignoreChanges: string[];
  provider: string;
};

/** The inputs of a resource as JSON, as its provider would receive them. */
export type Inputs = Record<string, ReturnType<typeof JSON.parse>>;

/** A resource of a stage. `type` is Pulumi's, such as `aws:sqs/queue:Queue`. */
export type Resource = {
  type: string;
  name: string;
  inputs: Inputs;
  /** The names of the inputs that Pulumi encrypts in its state. */
  secretInputs: string[];
  /** False for components, which only group resources. */
  isCustom: boolean;
  urn: string;
  options: Options;
  /** The outputs of a component; empty for other resources. */
  outputs: Inputs;
};

export type Synthesis = { resources: Resource[]; outputs: unknown } | { error: string };
