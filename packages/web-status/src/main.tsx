import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import { keepInvitation } from './join/invitation-secret.ts';

keepInvitation();
addEventListener('hashchange', keepInvitation);

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
