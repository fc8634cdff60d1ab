import { isSettled, violatedBy, violatedIn } from './invariants.ts';
import { events, statements, unfair } from './moves.ts';
import { type Bounds, initialState, keyOf, type State } from './state.ts';
import { Transaction } from './transaction.ts';

type Step = { move: string; next: State; isFair?: boolean };

/** What a statement can lead to: it commits, its answer is lost, or it waits for its commit while others run. */
function outcomesOf(tx: Transaction, move: string): Step[] {
  const { before, bounds, jobs, queue, workers, open, isPaused: paused, left, shared } = tx;
  const wakes = bounds.claims === 'when woken' ? tx.wakes : new Set<string>();
  const messages = new Set([...tx.messages, ...wakes]);
  const next: State = { jobs, queue, workers, messages, open, isPaused: paused, left };
  const steps: Step[] = [{ move, next, isFair: !unfair.includes(move) }];
  const rows = tx.changed();
  if (rows.length === 0 || !(move in statements)) return steps;
  if (left.faults > 0) {
    const after = { ...before, jobs, queue, left: { ...left, faults: left.faults - 1 } };
    steps.push({ move: `${move} (answer lost)`, next: after });
  }
  if (before.open.length < bounds.openTransactions) {
    const notifiesNow = !tx.has('wake-up: after the commit');
    const transaction = {
      jobs: new Map(rows.map((id) => [id, jobs[id]!])),
      queue: new Map([...queue.entries()].filter(([id, isQueued]) => isQueued !== before.queue[id])),
      shared,
      wakes: notifiesNow ? new Set<string>() : wakes,
    };
    const during = { ...before, workers, left, messages: notifiesNow ? messages : before.messages };
    steps.push({ move: `${move} (not committed)`, next: { ...during, open: [...before.open, transaction] } });
  }
  return steps;
}

/** Every step from a state. Throws if one violates an invariant. */
function stepsFrom(state: State, bounds: Bounds): Step[] {
  return Object.entries({ ...statements, ...events }).flatMap(([move, ways]) =>
    ways(state, bounds).flatMap((run) => {
      const tx = new Transaction(state, bounds);
      run(tx);
      if (move in statements) {
        tx.updateQueue();
        if (tx.isBlocked()) return [];
      }
      // Of a statement that commits later, that was checked when it ran.
      const violated = move === 'transaction committed' ? undefined : violatedBy(tx);
      if (violated !== undefined) throw new Violation(violated, [move]);
      return outcomesOf(tx, move);
    }),
  );
}

class Violation extends Error {
  readonly trace: string[];
  constructor(invariant: string, trace: string[]) {
    super(invariant);
    this.trace = trace;
  }
}

/**
 * Explores every state that can be reached, breadth first, until one violates an invariant; `trace` is then a shortest
 * way to it. Also violated is “every job finishes”, if fair moves alone end, or go on for ever, before that.
 */
export function search(bounds: Bounds) {
  const numbers = new Map<string, number>();
  const states: (State | undefined)[] = [];
  const origins: { from: number; move: string }[] = [];
  const fair: number[][] = [];
  const taken = new Set<string>();
  const visit = (state: State, from: number, move: string): number => {
    const key = keyOf(state);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, states.length);
    origins.push({ from, move });
    return states.push(state) - 1;
  };
  const traceTo = (number: number): string[] =>
    number === 0 ? [] : [...traceTo(origins[number]!.from), origins[number]!.move];
  /** Visits the states that follow one, which is then no longer needed. */
  function explore(at: number) {
    const state = states[at]!;
    states[at] = undefined;
    const violated = violatedIn(state, bounds);
    if (violated !== undefined) throw new Violation(violated, []);
    const next = stepsFrom(state, bounds).map((step) => {
      taken.add(step.move);
      return { ...step, number: visit(step.next, at, step.move) };
    });
    const fairNext = next.filter(({ isFair, number }) => isFair && number !== at);
    if (fairNext.length === 0 && !isSettled(state, bounds)) throw new Violation('every job finishes', []);
    fair.push(fairNext.map(({ number }) => number));
  }
  visit(initialState(bounds), 0, '');
  for (let at = 0; at < states.length; at++) {
    try {
      explore(at);
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      return {
        states: states.length,
        taken,
        violated: error.message,
        trace: [...traceTo(at), ...error.trace],
      };
    }
  }
  const violated = isAcyclic(fair) ? undefined : 'every job finishes';
  return { states: states.length, taken, violated, trace: [] };
}

/** True if every way along the edges ends: nodes are removed that no edge leads to, until none is left. */
function isAcyclic(edges: number[][]): boolean {
  const incoming = new Uint32Array(edges.length);
  for (const target of edges.flat()) incoming[target]!++;
  const ready = [...incoming.keys()].filter((node) => incoming[node] === 0);
  for (const node of ready) {
    for (const target of edges[node]!) if (--incoming[target]! === 0) ready.push(target);
  }
  return ready.length === edges.length;
}
