import { z } from 'zod';
import { AppError } from '../errors.ts';
import { idOf } from '../ids.ts';
import { operation } from '../operation.ts';
import { tenantOfJob } from './access.ts';
import { fetchJob } from './internal.ts';
import { transitions } from './transitions.ts';

export const deleteJobResult = operation({
  name: 'job.deleteResult',
  kind: 'mutation',
  summary: 'Delete the file that a job produced. The job stays, and says when its file was deleted.',
  scope: 'job:write',
  public: false,
  input: z.strictObject({ id: idOf('job') }),
  output: z.null(),
  tenant: tenantOfJob,
  async run({ db }, { id }) {
    if (await transitions.deleteFile(db, id)) return null;
    const { result, state } = await fetchJob({ db }, id);
    if (result && 'deletedAt' in result)
      throw new AppError('not_found', `The file of job "${id}" was deleted already.`);
    const why = state === 'succeeded' ? 'has no file: jobs of its kind produce none' : `is ${state}`;
    throw new AppError(
      'conflict',
      `Job "${id}" ${why}. Only the file of a job that succeeded can be deleted.`,
    );
  },
});
