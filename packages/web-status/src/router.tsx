import { type AnchorHTMLAttributes, type MouseEvent, useSyncExternalStore } from 'react';

/** True after the first navigation within the site. From then on, each new page takes the focus. */
export let hasNavigated = false;

function subscribe(onChange: () => void) {
  const listener = () => {
    hasNavigated = true;
    onChange();
  };
  addEventListener('popstate', listener);
  return () => removeEventListener('popstate', listener);
}

/** The address within the site, such as `/jobs/job_…` or `/?state=failed`. */
export function useAddress(): URL {
  return new URL(useSyncExternalStore(subscribe, () => location.href));
}

/** Navigates to an address of this site without reloading the page; with `replace`, not back to the present one. */
export function navigate(to: string, { replace = false } = {}) {
  const { pathname } = location;
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  dispatchEvent(new PopStateEvent('popstate'));
  if (location.pathname !== pathname) scrollTo(0, 0);
}

type LinkProps = { to: string } & AnchorHTMLAttributes<HTMLAnchorElement>;

/** A link within the site. The browser handles clicks with a modifier, which open a new tab or window. */
export function Link({ to, onClick, children, ...rest }: LinkProps) {
  function follow(event: MouseEvent<HTMLAnchorElement>) {
    onClick?.(event);
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  }
  return (
    <a href={to} onClick={follow} {...rest}>
      {children}
    </a>
  );
}
