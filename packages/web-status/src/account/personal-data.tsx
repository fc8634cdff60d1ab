import { useMutation } from '@tanstack/react-query';
import { useAction } from '../action.ts';
import { useTRPCClient } from '../api.tsx';
import { useSignOut } from '../session.ts';
import type { Me } from '../types.ts';
import { ActionProblem } from '../ui/action-problem.tsx';
import { Section } from '../ui/section.tsx';
import { TypedConfirmation } from '../ui/typed-confirmation.tsx';
import { readPersonalData } from './read-personal-data.ts';
import { saveFile } from './save-file.ts';

/** What the platform stores of the person, as a file; and its erasure. */
export function PersonalData({ me }: { me: Me }) {
  return (
    <>
      <Download />
      {me.scopes.includes('api-key:write') && <Erase me={me} />}
    </>
  );
}

function Download() {
  const api = useTRPCClient();
  const download = useMutation({
    mutationFn: () => readPersonalData((before) => api.me.export.query({ before })),
    onSuccess: (data) => saveFile('my-data.json', data),
  });
  return (
    <Section
      title="Your data"
      about="What is stored of you: who you are, memberships, keys, and what you have done, as JSON."
    >
      <div className="card panel">
        <button
          type="button"
          className="button"
          disabled={download.isPending}
          onClick={() => download.mutate()}
        >
          {download.isPending ? 'Collecting…' : 'Download my data'}
        </button>
        <ActionProblem error={download.error} />
      </div>
    </Section>
  );
}

function Erase({ me }: { me: Me }) {
  const api = useTRPCClient();
  const signOut = useSignOut();
  const erase = useAction(() => api.me.erase.mutate({ confirm: me.id }), {
    endsSession: true,
    onDone: () => signOut('You were erased: your name and how you sign in are no longer stored.'),
  });
  return (
    <Section title="Erase me">
      <div className="card panel">
        <TypedConfirmation words="Erase me" expected="erase me" action={erase} person={me}>
          Your name, memberships, keys and sessions end at once and for good. What you have made for
          portfolios stays there, without your name.
        </TypedConfirmation>
      </div>
    </Section>
  );
}
