import { type ReactNode, useEffect, useId, useRef } from 'react';
import { CopyButton } from './copy-button.tsx';

/** A secret that is shown only now, to be copied. It takes the focus. */
export function ShownOnce({
  label,
  secret,
  what,
  children,
  onClose,
}: {
  label: string;
  secret: string;
  /** Names it on the button that copies it. */
  what: string;
  children: ReactNode;
  onClose: () => void;
}) {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);
  return (
    <div className="notice success shown-once">
      <label htmlFor={id}>{label}</label>
      <div className="field-with-button">
        <input
          ref={field}
          id={id}
          readOnly
          value={secret}
          aria-describedby={`${id}-about`}
          onFocus={({ target }) => target.select()}
        />
        <CopyButton text={secret} what={what} />
      </div>
      <p id={`${id}-about`}>{children}</p>
      <button type="button" className="button small" onClick={onClose}>
        Done
      </button>
    </div>
  );
}
