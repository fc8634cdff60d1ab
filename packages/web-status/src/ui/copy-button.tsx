import { useEffect, useState } from 'react';

const confirmationMilliseconds = 2000;

/** A button that copies a text. It is missing where the browser blocks the clipboard. `what` names the text. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), confirmationMilliseconds);
    return () => clearTimeout(timer);
  }, [isCopied]);

  if (!isSecureContext) return null;
  return (
    <button
      type="button"
      className="button small"
      onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
    >
      <span aria-live="polite">
        {isCopied ? 'Copied' : 'Copy'} <span className="visually-hidden">{what}</span>
      </span>
    </button>
  );
}
