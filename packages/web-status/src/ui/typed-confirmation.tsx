import { type ReactNode, type SubmitEvent, useEffect, useId, useRef, useState } from 'react';
import { ActionProblem } from './action-problem.tsx';
import type { Person } from './words.ts';

type Action = { mutate: () => void; isPending: boolean; error: unknown };

type Props = {
  /** The words on the button. */
  words: string;
  /** What it is done to, for screen readers; nothing where the words say it. */
  what?: string;
  /** What has to be typed. */
  expected: string;
  /** What follows from it. */
  children: ReactNode;
  action: Action;
  /** Whom it is about. */
  person?: Person | undefined;
};

/** A button for what cannot be undone easily. It acts only after its user has typed what is expected. */
export function TypedConfirmation({ words, what, expected, children, action, person }: Props) {
  const [isOpen, setOpen] = useState(false);
  if (!isOpen) {
    return (
      <button type="button" className="button danger-quiet" onClick={() => setOpen(true)}>
        {words}… {what && <span className="visually-hidden">{what}</span>}
      </button>
    );
  }
  return (
    <Form words={words} expected={expected} action={action} person={person} onCancel={() => setOpen(false)}>
      {children}
    </Form>
  );
}

function Form({
  words,
  expected,
  action,
  person,
  children,
  onCancel,
}: Omit<Props, 'what'> & { onCancel: () => void }) {
  const [isMistyped, setMistyped] = useState(false);
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.focus(), []);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const isExpected = field.current!.value.trim() === expected;
    setMistyped(!isExpected);
    if (isExpected) action.mutate();
    else field.current!.focus();
  }

  return (
    <form className="typed-confirmation" onSubmit={submit}>
      <p>{children}</p>
      <label htmlFor={id}>
        Type <code>{expected}</code> to confirm
      </label>
      <input
        ref={field}
        id={id}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        required
        aria-invalid={isMistyped}
        aria-describedby={`${id}-problem`}
        onChange={() => setMistyped(false)}
      />
      <p id={`${id}-problem`} role="alert" className="field-problem">
        {isMistyped && `This is not “${expected}”.`}
      </p>
      <div className="buttons">
        <button type="submit" className="button danger" disabled={action.isPending}>
          {words}
        </button>
        <button type="button" className="button" onClick={onCancel}>
          Cancel
        </button>
      </div>
      <ActionProblem error={action.error} person={person} />
    </form>
  );
}
