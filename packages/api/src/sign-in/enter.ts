import type { Origin, Services } from '@portfolio/core/context';
import { identifyPerson, nameNewPerson } from '@portfolio/core/person/identify';
import { beginSession } from '@portfolio/core/session/begin';
import { line } from '@portfolio/core/text';
import type { Groups } from './groups.ts';
import { type Issuer, aboutGroups } from './issuer.ts';
import type { Claims } from './protocol.ts';

type Entering = {
  issuer: Issuer;
  claims: Claims;
  origin: Origin;
  userAgent: string | undefined;
  /** The session that the browser had before. */
  replaces: string | undefined;
};

export type Enter = ReturnType<typeof createEnter>;

/** A session is newer than all that was revoked: its own time is that of the database, which begins it. */
const newest = new Date('9999-01-01');
const nameSchema = line(100);

/** Begins the sessions of people whom an issuer has identified. */
export function createEnter({ db }: Pick<Services, 'db'>, groups: Groups) {
  return {
    /** The claims that it makes use of. */
    wanted: ['name', ...groups.wanted],
    async begin({ issuer: by, claims, ...browser }: Entering) {
      const { issuer, isDefault } = by;
      const { sub: subject, name, iat, auth_time: authTime } = claims;
      const personId = await identifyPerson(db, { issuer, subject, isDefault }, newest);
      const { data: goodName } = nameSchema.safeParse(name);
      if (goodName !== undefined) await nameNewPerson(db, personId, goodName);
      // An issuer that does not say when it asked is taken to have asked now.
      const signedInAt = authTime === undefined ? new Date() : new Date(authTime * 1000);
      const said = aboutGroups(by, claims);
      await groups.signIn(personId, said, new Date(iat * 1000));
      return beginSession(db, { ...browser, personId, signedInAt, isOperator: groups.isOperator(said) });
    },
  };
}
