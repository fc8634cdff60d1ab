import type { Groups } from './groups.ts';

/** Somebody whose tokens the API accepts, and to whom it sends people who want to sign in if there is a `client`. */
export type Issuer = {
  /** The `iss` of its tokens. */
  issuer: string;
  /** The `aud` of its tokens for this API. */
  audience: string;
  /** The address of its keys; by default, that in its discovery document. */
  jwksUrl?: string | undefined;
  /** True for the issuer of the deployment, some of whose people may be stored without it. */
  isDefault: boolean;
  /** True where its groups count, as those of the default one do. */
  givesGroups?: boolean | undefined;
  client?: OidcClient | undefined;
};

/** What the API is to an issuer. */
export type OidcClient = {
  id: string;
  /** Resolves to the secret; undefined for a public client. */
  readSecret?: (() => Promise<string>) | undefined;
  /** The scopes to ask for, separated by spaces. */
  scopes: string;
  /** How people call the issuer. */
  name?: string | undefined;
};

/** What an issuer has said that counts for groups: nothing of one that is trusted with the identity of people alone. */
export const aboutGroups = <Claims extends object>(
  { isDefault, givesGroups = isDefault }: Pick<Issuer, 'isDefault' | 'givesGroups'>,
  claims: Claims,
): Claims | Record<string, never> => (givesGroups ? claims : {});

/** Whose tokens are accepted, where people sign in, and what their groups mean. */
export type Trust = { issuers: readonly Issuer[]; groups: Groups };
