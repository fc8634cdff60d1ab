import { type SubmitEvent, useState } from 'react';
import { useAction } from '../action.ts';
import { useTRPCClient } from '../api.tsx';
import type { Role } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Section } from '../ui/section.tsx';
import { ShownOnce } from '../ui/shown-once.tsx';
import { MinuteTime } from '../ui/time.tsx';
import { roleHints, roleWords } from '../ui/words.ts';
import { RoleOptions } from './role-options.tsx';

const defaultDays = 7;
const maxDays = 30;

/** Makes an invitation, whose link is shown once: there is no mail, so its maker sends it. */
export function Invite({ portfolio }: { portfolio: string }) {
  const api = useTRPCClient();
  const [role, setRole] = useState<Role>('viewer');
  const invite = useAction(api.invitation.create.mutate);

  function submit(event: SubmitEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const label = (form.get('label') as string).trim() || undefined;
    const expiresInDays = Number(form.get('days'));
    invite.mutate({ portfolio, role, label, expiresInDays });
  }

  return (
    <Section
      title="Invite"
      about="Whoever opens the link first and signs in becomes a member. Send it to the person yourself."
    >
      {invite.data && (
        <ShownOnce
          key={invite.data.id}
          label="Link of the invitation"
          secret={location.origin + invite.data.link}
          what="link"
          onClose={invite.reset}
        >
          This link is shown only now. It is for one person, as {roleWords[invite.data.role].toLowerCase()},
          until <MinuteTime at={invite.data.expiresAt} />.
        </ShownOnce>
      )}
      <form key={invite.data?.id} className="card panel fields invite" onSubmit={submit}>
        <label>
          Role
          <select
            value={role}
            aria-describedby="role-hint"
            onChange={({ target }) => setRole(target.value as Role)}
          >
            <RoleOptions />
          </select>
        </label>
        <label>
          Whom it is for (optional)
          <input name="label" maxLength={100} autoComplete="off" />
        </label>
        <label>
          Days
          <input name="days" type="number" min={1} max={maxDays} defaultValue={defaultDays} required />
        </label>
        <button type="submit" className="button primary" disabled={invite.isPending}>
          {invite.isPending ? 'Inviting…' : 'Make a link'}
        </button>
        <p id="role-hint" className="muted small-text hint">
          {roleWords[role]}: {roleHints[role]}.
        </p>
        <ActionProblem error={invite.error} />
      </form>
    </Section>
  );
}
