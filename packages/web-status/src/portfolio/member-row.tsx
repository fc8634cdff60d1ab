import { useState } from 'react';
import { useAction } from '../action.ts';
import { useTRPCClient } from '../api.tsx';
import { navigate } from '../router.tsx';
import type { Member, Role } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { ConfirmButton } from '../ui/confirm-button.tsx';
import { personWords, roleWords } from '../ui/words.ts';
import { RoleOptions } from './role-options.tsx';

type Props = { member: Member; isMe: boolean; mayChange: boolean };

/** A member, with the role, and what may be done about it: every member can leave. */
export function MemberRow({ member, isMe, mayChange }: Props) {
  const { name, subject, role, signedInAt } = member;
  return (
    <li className="row">
      <div className="row-main">
        <p className="row-title">{personWords(member)}</p>
        <p className="muted small-text facts">
          {name !== null && subject !== null && <span>{subject}</span>}
          {isMe && <span>you</span>}
          {signedInAt === null && <span className="attention">has never signed in</span>}
        </p>
      </div>
      <div className="row-actions">
        {mayChange ? (
          <RoleOf key={role} member={member} />
        ) : (
          <p className="row-side muted">{roleWords[role]}</p>
        )}
        {isMe ? <Leave member={member} /> : mayChange && <Remove member={member} />}
      </div>
    </li>
  );
}

/** The role of a member. Another one is saved by a button, since a key that moves through the list must change nothing. */
function RoleOf({ member }: { member: Member }) {
  const { portfolio, id, version } = member;
  const api = useTRPCClient();
  const [role, setRole] = useState<Role>(member.role);
  const update = useAction(() =>
    api.member.update.mutate({ portfolio, member: id, role, expectedVersion: version }),
  );
  return (
    <>
      <select
        className="role"
        aria-label={`Role of ${personWords(member)}`}
        value={role}
        onChange={({ target }) => setRole(target.value as Role)}
      >
        <RoleOptions />
      </select>
      {role !== member.role && (
        <button
          type="button"
          className="button small primary"
          disabled={update.isPending}
          onClick={() => update.mutate()}
        >
          Save <span className="visually-hidden">the role of {personWords(member)}</span>
        </button>
      )}
      <ActionProblem error={update.error} person={member} />
    </>
  );
}

function Remove({ member }: { member: Member }) {
  const { portfolio, id, version } = member;
  const api = useTRPCClient();
  const remove = useAction(() =>
    api.member.remove.mutate({ portfolio, member: id, expectedVersion: version }),
  );
  const name = personWords(member);
  return (
    <ConfirmButton
      word="Remove"
      what={name}
      question={`${name} and every key that they made for this portfolio lose access at once.`}
      action={remove}
      person={member}
    />
  );
}

function Leave({ member }: { member: Member }) {
  const { portfolio, id, version } = member;
  const api = useTRPCClient();
  const leave = useAction(
    () => api.member.remove.mutate({ portfolio, member: id, expectedVersion: version }),
    {
      onDone: () => navigate('/portfolios'),
    },
  );
  return (
    <ConfirmButton
      word="Leave"
      what="this portfolio"
      question="You and every key that you made for this portfolio lose access at once."
      action={leave}
      person={member}
    />
  );
}
