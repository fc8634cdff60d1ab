import type { ReactNode } from 'react';

/** Always shown next to a word with the same meaning, so it is hidden from screen readers. */
function Icon({ children, className = '' }: { children: ReactNode; className?: string }) {
  return (
    <svg className={`icon ${className}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      {children}
    </svg>
  );
}

export const QueuedIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.25" strokeDasharray="2.4 2.5" />
    <path d="M8 5v3.2l2 1.3" />
  </Icon>
);

export const RetryingIcon = () => (
  <Icon>
    <path d="M13.6 9.6A6 6 0 1 1 13.2 5" />
    <path d="M13.8 1.9v3.4h-3.4" />
  </Icon>
);

export const RunningIcon = () => (
  <Icon className="spinning">
    <circle cx="8" cy="8" r="6.25" opacity="0.25" />
    <path d="M8 1.75A6.25 6.25 0 0 1 14.25 8" />
  </Icon>
);

export const SucceededIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.25" />
    <path d="m5.2 8.2 2 2 3.6-4.2" />
  </Icon>
);

export const FailedIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.25" />
    <path d="m5.8 5.8 4.4 4.4m0-4.4-4.4 4.4" />
  </Icon>
);

export const CancelledIcon = () => (
  <Icon>
    <circle cx="8" cy="8" r="6.25" />
    <path d="M5 8h6" />
  </Icon>
);

export const DeadIcon = () => (
  <Icon>
    <path d="M8 1.9 14.6 13.6H1.4z" />
    <path d="M8 6.2v3.4m0 1.9v.1" />
  </Icon>
);

export const DownloadIcon = () => (
  <Icon>
    <path d="M8 2v8m-3.2-3L8 10.2 11.2 7M2.5 13.5h11" />
  </Icon>
);

export const BackIcon = () => (
  <Icon>
    <path d="M9.8 3.5 5.3 8l4.5 4.5" />
  </Icon>
);

export const Logo = () => (
  <svg className="logo" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
    <rect width="32" height="32" rx="8" className="logo-ground" />
    <path d="M9 8h9l5 5v11H9z" className="logo-page" />
    <path d="M18 8v5h5zM12 16h4v-1.5h-4z" className="logo-fold" />
    <path d="M12 19h8v2.5h-8z" className="logo-ground" />
  </svg>
);
