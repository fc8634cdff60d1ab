import { type ReactNode, useEffect, useRef } from 'react';
import { hasNavigated } from '../router.tsx';

/** The heading of a page: names the browser's tab, and takes the focus when the reader came from another page. */
export function PageHeading({ title, children }: { title: string; children: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useDocumentTitle(title);
  useEffect(() => {
    if (hasNavigated) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

export function useDocumentTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · Portfolio jobs`;
  }, [title]);
}
