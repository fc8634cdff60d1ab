import { type Scope, actorName } from '../actor.ts';
import { newId } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantBySlug } from '../tenancy.ts';
import { stagingKey } from './keys.ts';
import { formLifetimeMinutes, maxUploadBytes, uploadInput, uploadSchema } from './schemas.ts';
import { uploads } from './upload.sql.ts';

/** How long an uploaded file can be used before it is deleted. */
const uploadLifetimeMinutes = 60;

const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000);

/** The operation that requests the upload of a file for this purpose. */
export function requestUpload(purpose: keyof typeof maxUploadBytes, scope: Scope) {
  return operation({
    name: `${purpose}.upload`,
    kind: 'mutation',
    summary: `Request the upload of a file for a version of ${purpose}: a form that S3 accepts for 15 minutes.`,
    scope,
    public: false,
    input: uploadInput(maxUploadBytes[purpose]),
    output: uploadSchema,
    tenant: tenantBySlug,
    async run({ db, bucket, actor }, { portfolio: _, ...file }, tenant) {
      const id = newId('upload');
      const formExpiresAt = inMinutes(formLifetimeMinutes);
      await db.insert(uploads).values({
        id,
        portfolioId: tenant.id,
        ...file,
        createdBy: actorName(actor),
        expiresAt: inMinutes(uploadLifetimeMinutes).toISOString(),
      });
      const form = await bucket.signedForm(stagingKey(tenant.id, id), file, formExpiresAt);
      return { id, ...form, expiresAt: formExpiresAt.toISOString() };
    },
  });
}
