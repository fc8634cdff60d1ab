import { useEffect, useState } from 'react';

const thanksMilliseconds = 2000;

/** Copies a text; absent where the browser keeps the clipboard from pages. `what` says what is copied. */
export function CopyButton({ text, what }: { text: string; what: string }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), thanksMilliseconds);
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
