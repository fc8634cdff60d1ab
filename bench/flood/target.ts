/** What a flood is sent to, and from where. */
export type Target = {
  port: number;
  /** An address of loopback that no other row uses, so that rows do not share the limits of an address. */
  address: string;
  seconds: number;
  keys: Keys;
};

/** API keys. All have every scope, unless they say otherwise. */
export type Keys = {
  owner: string;
  viewer: string;
  /** Of a member of nothing. */
  nonMember: string;
  /** Of the owner, with the scope `job:read` alone. */
  narrow: string;
  /** Of as many viewers. */
  viewers: string[];
  /** Well formed, and not in the database. */
  unknown: string[];
};

/** What was sent, and the answers by what they are: a status, or what became of the connection. */
export type Sent = { answers: Record<string, number>; bodyBytes: number };

export class Tally implements Sent {
  readonly answers: Record<string, number> = {};
  bodyBytes = 0;

  add(answer: string, count = 1) {
    if (count > 0) this.answers[answer] = (this.answers[answer] ?? 0) + count;
  }
}

/** Sends requests for the seconds of the target, and counts their answers. */
export type Flood = (target: Target, tally: Tally) => Promise<void>;

const connections = 4;

/** Does something again and again over as many connections, until the time is over. */
export async function repeat({ seconds }: Target, once: (at: number) => Promise<void>): Promise<void> {
  const end = performance.now() + seconds * 1000;
  let at = 0;
  const connection = async () => {
    while (performance.now() < end) await once(at++);
  };
  await Promise.all(Array.from({ length: connections }, connection));
}
