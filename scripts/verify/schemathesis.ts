import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPlatform } from '../../tests/support/stack.ts';
import { pythonTools } from './install.ts';
import { runTool } from './run-tool.ts';

const timeoutSeconds = 900;
const configFile = join(import.meta.dirname, 'schemathesis.toml');
const options = [
  '--seed=1',
  '--max-examples=20',
  '--phases=examples,coverage,fuzzing',
  '--request-timeout=10',
  '--continue-on-failure',
  '--generation-database=none',
  // Few generated texts match the patterns of images and links.
  '--suppress-health-check=filter_too_much',
];

/**
 * Tests the running API, with the sample in it, against its own document by generated requests, valid and invalid ones. No
 * worker runs meanwhile, so that nothing is sent to the generated addresses of webhooks and evidence.
 */
export async function schemathesis() {
  const python = await pythonTools('schemathesis.txt');
  const folder = await mkdtemp(join(tmpdir(), 'schemathesis-'));
  try {
    const platform = await startPlatform(folder);
    try {
      await platform.worker.stop();
      const document = join(folder, 'openapi.json');
      await writeFile(document, await readDocument(platform.baseUrl));
      const api = [`--url=${platform.baseUrl}`, `--header=Authorization: Bearer ${platform.apiKey}`];
      const command = [`--config-file=${configFile}`, '--no-color', 'run', document, ...api, ...options];
      return await runTool(join(python, 'bin/schemathesis'), command, { cwd: folder, timeoutSeconds });
    } finally {
      await platform.stop();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

type Parameter = { $ref?: string };

/** The API's document without Idempotency-Key: repeating the key of the example would make other requests fail. */
async function readDocument(baseUrl: string) {
  const response = await fetch(`${baseUrl}/api/openapi.json`);
  return JSON.stringify(await response.json(), (key, value) =>
    key === 'parameters' && Array.isArray(value)
      ? value.filter(({ $ref }: Parameter) => !$ref?.endsWith('/IdempotencyKey'))
      : value,
  );
}
