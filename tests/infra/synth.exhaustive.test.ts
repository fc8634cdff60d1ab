import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { inheritedEnvironment } from '../../dev/settings.ts';
import { copyRepository } from './support/copy-repository.ts';

/** Programs that AWS would refuse or that would never end, each of its own stage, and what is to be said of them. */
const faults: Record<string, { run: string; says: RegExp }> = {
  'a stack that throws': {
    run: `throw new Error('No such zone');`,
    says: /stage fault-0 cannot be evaluated: .*No such zone/,
  },
  'an input that never comes': {
    run: `new aws.s3.Bucket('A', { bucket: $util.output(new Promise(() => {})) });`,
    says: /wait for something that never comes: aws:s3\/bucket:Bucket,A/,
  },
  'two resources of a name': {
    run: `new aws.s3.Bucket('A'); new aws.s3.Bucket('A');`,
    says: /There are two resources .*::A/,
  },
  'a question to AWS that no fake knows': {
    run: `aws.ec2.getSpotPriceOutput({ instanceType: 'm7g.large' });`,
    says: /aws:ec2\/getSpotPrice:getSpotPrice/,
  },
};
const stageOf = (index: number) => `fault-${index}`;

let copy: string;
beforeAll(async () => {
  copy = await copyRepository();
  const file = join(copy, 'sst.config.ts');
  const config = await readFile(file, 'utf8');
  const head = config.slice(0, config.indexOf('  async run() {'));
  const cases = Object.values(faults).map(
    ({ run }, index) => `if ($app.stage === '${stageOf(index)}') { ${run} }`,
  );
  await writeFile(file, `${head}  async run() {\n${cases.join('\n')}\n},\n});\n`);
});

test.each(Object.entries(faults).map(([name, { says }], index) => ({ name, says, stage: stageOf(index) })))(
  '$name fails the synthesis, which says so',
  async ({ says, stage }) => {
    const script = join(copy, 'scripts/synth.ts');
    const printed = promisify(execFile)(process.execPath, [script, stage], {
      cwd: copy,
      env: inheritedEnvironment(),
    });
    await expect(printed).rejects.toThrow(says);
  },
);
