/** A statement of an IAM policy. Lists with one element may be written without brackets. */
export type Statement = {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Principal?: unknown;
  Action?: string | string[];
  NotAction?: string | string[];
  Resource?: string | string[];
  NotResource?: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
};

export type Document = { Statement: Statement | Statement[] };

/** A request to AWS. `context` has the values of condition keys. */
export type Request = { action: string; resource: string; context?: Record<string, string> };

export const many = <T>(one: T | T[] | undefined): T[] =>
  one === undefined ? [] : Array.isArray(one) ? one : [one];

/**
 * Whether a policy alone allows a request: an explicit denial wins, and the default is denial (IAM User Guide, "Policy
 * evaluation logic"). A model of AWS, not AWS itself. Throws on NotResource and unsupported condition operators.
 */
export function allows({ Statement }: Document, request: Request): boolean {
  const matching = many(Statement).filter((statement) => matches(statement, request));
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && matching.every(({ Effect }) => Effect !== 'Deny')
  );
}

function matches(
  { Action, NotAction, Resource, NotResource, Condition = {} }: Statement,
  request: Request,
): boolean {
  if (NotResource) throw new Error('The evaluator does not support NotResource.');
  const isAction = NotAction
    ? !many(NotAction).some((pattern) => isLike(pattern.toLowerCase(), request.action.toLowerCase()))
    : many(Action).some((pattern) => isLike(pattern.toLowerCase(), request.action.toLowerCase()));
  return (
    isAction &&
    many(Resource).some((pattern) => isLike(pattern, request.resource)) &&
    Object.entries(Condition).every(([test, keys]) =>
      Object.entries(keys).every(([key, values]) => holds(test, many(values), request.context?.[key])),
    )
  );
}

function holds(test: string, values: string[], given: string | undefined): boolean {
  switch (test) {
    case 'StringEquals':
    case 'Bool':
      return given !== undefined && values.includes(given);
    case 'StringLike':
    case 'ArnLike':
      return given !== undefined && values.some((pattern) => isLike(pattern, given));
    default:
      throw new Error(`The evaluator does not support the condition operator ${test}.`);
  }
}

/** `*` matches any number of characters, `?` matches one. */
function isLike(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
