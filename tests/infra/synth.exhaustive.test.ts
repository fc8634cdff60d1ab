import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { inheritedEnvironment } from '../../dev/settings.ts';
import { copyRepository } from './support/copy-repository.ts';

/** Programs that AWS would reject or that would never end, each in its own stage, with the expected error. */
const faults: Record<string, { run: string; error: RegExp }> = {
  'a stack that throws': {
    run: `throw new Error('No such zone');`,
    error: /stage fault-0 cannot be evaluated: .*No such zone/,
  },
  'an input that never resolves': {
    run: `new aws.s3.Bucket('A', { bucket: $util.output(new Promise(() => {})) });`,
    error: /wait for inputs that never resolve: aws:s3\/bucket:Bucket,A/,
  },
  'two resources with the same name': {
    run: `new aws.s3.Bucket('A'); new aws.s3.Bucket('A');`,
    error: /Two resources have the URN .*::A/,
  },
  'a data source that no fake answers': {
    run: `aws.ec2.getSpotPriceOutput({ instanceType: 'm7g.large' });`,
    error: /aws:ec2\/getSpotPrice:getSpotPrice/,
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

test.each(Object.entries(faults).map(([name, { error }], index) => ({ name, error, stage: stageOf(index) })))(
  '$name fails the synthesis with an error',
  async ({ error, stage }) => {
    const script = join(copy, 'scripts/synth.ts');
    const printed = promisify(execFile)(process.execPath, [script, stage], {
      cwd: copy,
      env: inheritedEnvironment(),
    });
    await expect(printed).rejects.toThrow(error);
  },
);
