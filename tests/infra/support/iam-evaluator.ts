/** A statement of an IAM policy; one or many of each are written alike. */
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

/** What somebody asks for; `context` has the keys of conditions. */
export type Ask = { action: string; resource: string; context?: Record<string, string> };

export const many = <T>(one: T | T[] | undefined): T[] =>
  one === undefined ? [] : Array.isArray(one) ? one : [one];

/**
 * Whether a policy alone allows what is asked: an explicit denial wins, and what nothing allows is denied (IAM User Guide,
 * "Policy evaluation logic"). Throws for what it does not know: a condition, or NotResource.
 */
export function allows({ Statement }: Document, ask: Ask): boolean {
  const matching = many(Statement).filter((statement) => matches(statement, ask));
  return (
    matching.some(({ Effect }) => Effect === 'Allow') && matching.every(({ Effect }) => Effect !== 'Deny')
  );
}

function matches({ Action, NotAction, Resource, NotResource, Condition = {} }: Statement, ask: Ask): boolean {
  if (NotResource) throw new Error('NotResource is not known here.');
  const isAction = NotAction
    ? !many(NotAction).some((pattern) => isLike(pattern.toLowerCase(), ask.action.toLowerCase()))
    : many(Action).some((pattern) => isLike(pattern.toLowerCase(), ask.action.toLowerCase()));
  return (
    isAction &&
    many(Resource).some((pattern) => isLike(pattern, ask.resource)) &&
    Object.entries(Condition).every(([test, keys]) =>
      Object.entries(keys).every(([key, values]) => holds(test, many(values), ask.context?.[key])),
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
      throw new Error(`The condition ${test} is not known here.`);
  }
}

/** `*` is any number of characters and `?` is one. */
function isLike(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
