/** A request of one of our processes to a server, as a tap on the wire sees it. */
export type Request = {
  to: 'postgres' | 'sqs' | 's3';
  /** The statement in short, the SQS action, or the S3 method. */
  name: string;
  /** All that it says, to be searched: statement and parameters, the body, or the path. */
  text: string;
};

/**
 * What becomes of a request, or of its answer. `cut` ends the connection, `hang` leaves it without an answer,
 * `half` (S3 only) lets the beginning of the body through and then cuts, a status is the answer (SQS and S3 only).
 */
export type Outcome = 'pass' | 'cut' | 'hang' | 'half' | { status: number; body: string };

type When = 'before' | 'after';
export type Matches = (request: Request) => boolean;
/** `answer` is the body of SQS's answer, where the rule acts after it. */
export type Act = (request: Request, answer: string) => Outcome | Promise<Outcome>;

type Rule = { when: When; matches: Matches; act: Act };

/** What a tap does, by rules that come and go: `before` a request reaches its server, or `after` it took effect. */
export function createRules() {
  const rules = new Set<Rule>();

  /** Acts at each such request until the returned function is called. */
  function always(when: When, matches: Matches, act: Act): () => void {
    const rule = { when, matches, act };
    rules.add(rule);
    return () => void rules.delete(rule);
  }

  return {
    always,
    /** Acts at the first such request alone, and resolves when that is done. */
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
    /** Whether anything is to be done at all: most requests need not be read. */
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
