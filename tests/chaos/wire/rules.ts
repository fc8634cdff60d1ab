/** A request of a process of the platform to a server, as a tap reads it. */
export type Request = {
  to: 'postgres' | 'sqs' | 's3';
  /** The statement in short, the SQS action, or the S3 method. */
  name: string;
  /** Its content, to be searched: statement and parameters, the body, or the path. */
  text: string;
};

/**
 * What happens to a request, or to its answer. `cut` closes the connection, `hang` never answers, `half` (S3 only) forwards
 * the beginning of the body and then closes, and a status is the answer (SQS and S3 only).
 */
export type Outcome = 'pass' | 'cut' | 'hang' | 'half' | { status: number; body: string };

type When = 'before' | 'after';
export type Matches = (request: Request) => boolean;
/** `answer` is the body of SQS's answer for rules that act after it. */
export type Act = (request: Request, answer: string) => Outcome | Promise<Outcome>;

type Rule = { when: When; matches: Matches; act: Act };

/** The rules of a tap, which can be added and removed. They act `before` a request reaches its server, or `after` it. */
export function createRules() {
  const rules = new Set<Rule>();

  /** Acts on each matching request until the returned function is called. */
  function always(when: When, matches: Matches, act: Act): () => void {
    const rule = { when, matches, act };
    rules.add(rule);
    return () => void rules.delete(rule);
  }

  return {
    always,
    /** Acts only on the first matching request, and resolves when that is done. */
    first(when: When, matches: Matches, act: Act): Promise<void> {
      const done = Promise.withResolvers<void>();
      const stop = always(when, matches, async (request, answer) => {
        stop();
        try {
          const outcome = await act(request, answer);
          done.resolve();
          return outcome;
        } catch (error) {
          done.reject(error);
          return 'cut';
        }
      });
      return done.promise;
    },
    /** True if there are any rules: otherwise requests need not be parsed. */
    any: () => rules.size > 0,
    clear: () => rules.clear(),
    async decide(when: When, request: Request, answer = ''): Promise<Outcome> {
      for (const rule of rules) {
        if (rule.when !== when || !rule.matches(request)) continue;
        const outcome = await rule.act(request, answer);
        if (outcome !== 'pass') return outcome;
      }
      return 'pass';
    },
  };
}
