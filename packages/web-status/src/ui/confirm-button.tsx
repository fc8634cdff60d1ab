import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import { ActionProblem } from './action-problem.tsx';
import type { Person } from './words.ts';

type Action = { mutate: () => void; isPending: boolean; error: unknown };

type Props = {
  /** The word on the button, such as `Remove`. */
  word: string;
  /** What it is done to, for screen readers. */
  what: string;
  /** What is asked before it is done, which says what follows from it. */
  question: string;
  action: Action;
  /** Whom it is about. */
  person?: Person;
};

/** A button that asks before it acts. Escape is a no. */
export function ConfirmButton({ word, what, question, action, person }: Props) {
  const [isAsking, setAsking] = useState(false);
  const first = useRef<HTMLButtonElement>(null);
  const wasAsking = useRef(false);
  useEffect(() => {
    if (isAsking || wasAsking.current) first.current?.focus();
    wasAsking.current = isAsking;
  }, [isAsking]);

  function act() {
    setAsking(false);
    action.mutate();
  }

  if (!isAsking) {
    return (
      <>
        <button
          ref={first}
          type="button"
          className="button small"
          disabled={action.isPending}
          onClick={() => setAsking(true)}
        >
          {word} <span className="visually-hidden">{what}</span>
        </button>
        <ActionProblem error={action.error} person={person} />
      </>
    );
  }
  const onKeyDown = ({ key }: KeyboardEvent) => key === 'Escape' && setAsking(false);
  return (
    <fieldset className="confirm" aria-label={`${word} ${what}?`}>
      <p className="small-text">{question}</p>
      <button ref={first} type="button" className="button small danger" onClick={act} onKeyDown={onKeyDown}>
        {word}
      </button>
      <button type="button" className="button small" onClick={() => setAsking(false)} onKeyDown={onKeyDown}>
        Keep
      </button>
    </fieldset>
  );
}
