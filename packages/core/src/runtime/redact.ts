/** Credentials by their format: keys of the platform, invitations, secrets of webhooks, JWTs. Often after `%20` or an escaped line end. */
const secrets = /(pk_|pinv_|whsec_|eyJ)[\w+/=-]{16,}(\.[\w-]+){0,2}/g;
/** Values of query parameters that are credentials by their name, as in presigned links. */
const parameters =
  /((?:[?&]|%3f|%26)(?:x-amz-(?:signature|credential|security-token)|[\w-]*(?:token|secret|password|signature|key|sig|code|auth))=)[^&"'\\\s#]+/gi;

/** A text without the credentials in it, such as those in the query of a URL. */
export function redact(text: string): string {
  return text.replace(parameters, '$1…').replace(secrets, '$1…');
}
