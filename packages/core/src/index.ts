import * as apiKey from './api-key/index.ts';
import * as artifact from './artifact/index.ts';
import * as audit from './audit/index.ts';
import * as caseStudy from './case-study/index.ts';
import * as evidence from './evidence/index.ts';
import * as image from './image/index.ts';
import * as invitation from './invitation/index.ts';
import * as job from './job/index.ts';
import * as me from './me/index.ts';
import * as member from './member/index.ts';
import * as metric from './metric/index.ts';
import * as ownKey from './api-key/own.ts';
import * as ownToken from './api-key/own-token.ts';
import * as operator from './operator/index.ts';
import * as portfolio from './portfolio/index.ts';
import * as session from './session/index.ts';
import * as upload from './upload/index.ts';
import * as webhook from './webhook/index.ts';
import type { AnyOperation } from './operation.ts';

/** Every operation of the platform, by resource and verb. tRPC, the API documentation and the tests derive from it. */
export const operations = {
  portfolio,
  apiKey,
  ownKey,
  ownToken,
  session,
  audit,
  webhook,
  member,
  invitation,
  me,
  caseStudy,
  artifact,
  evidence,
  metric,
  image,
  upload,
  job,
  operator,
};

/** All operations as one list. */
export const allOperations = Object.values(operations).flatMap((verbs): AnyOperation[] =>
  Object.values(verbs),
);
