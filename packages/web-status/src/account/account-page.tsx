import { useMe } from '../me.ts';
import type { Me } from '../types.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Detail } from '../ui/detail.tsx';
import { Loaded } from '../ui/loaded.tsx';
import { PageHeading } from '../ui/page-heading.tsx';
import { Section } from '../ui/section.tsx';
import { MinuteTime } from '../ui/time.tsx';
import { personWords } from '../ui/words.ts';
import { DisplayName } from './display-name.tsx';
import { OwnKeys } from './own-keys.tsx';
import { PersonalData } from './personal-data.tsx';
import { Sessions } from './sessions.tsx';

/** Who is signed in, and what belongs to the person: name, sessions, keys and data. */
export function AccountPage() {
  const me = useMe();
  return (
    <>
      <PageHeading title="Account">Account</PageHeading>
      <Loaded query={me} failure="Your account could not be loaded.">
        {(data) => (
          <>
            <WhoIAm me={data} />
            {data.kind === 'user' && <Own me={data} />}
          </>
        )}
      </Loaded>
    </>
  );
}

/** What only a person has, as far as the credential allows it. */
function Own({ me }: { me: Me }) {
  return (
    <>
      {me.scopes.includes('portfolio:write') && <DisplayName me={me} />}
      {me.scopes.includes('api-key:read') && (
        <>
          <Sessions mayChange={me.scopes.includes('api-key:write')} />
          <OwnKeys me={me} />
        </>
      )}
      <PersonalData me={me} />
    </>
  );
}

const credentialWords = { key: 'API key', token: 'Token', session: 'Session of this browser' };

function WhoIAm({ me }: { me: Me }) {
  const { id, name, subject, issuer, kind, credential, isOperator } = me;
  return (
    <Section title="Who you are">
      <dl className="card details">
        <Detail name={kind === 'user' ? 'Name' : 'Key'}>{personWords({ id, name, subject })}</Detail>
        {subject !== null && <Detail name="Signs in as">{subject}</Detail>}
        {issuer !== null && <Detail name="At">{issuer}</Detail>}
        <Detail name="Signed in by">
          {credentialWords[credential.kind]}
          {credential.expiresAt && (
            <span className="muted">
              until <MinuteTime at={credential.expiresAt} />
            </span>
          )}
        </Detail>
        {isOperator && <Detail name="Operator">yes</Detail>}
        <Detail name="Your ID">
          <code>{id}</code>
          <CopyButton text={id} what="your ID" />
        </Detail>
      </dl>
    </Section>
  );
}
