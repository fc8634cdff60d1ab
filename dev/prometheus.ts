import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { latencyRule } from '../stacks/k8s/latency.ts';
import { endWithThisProcess } from './end-with-this-process.ts';
import { freePort } from './free-port.ts';
import { inheritedEnvironment } from './settings.ts';

const preferredPort = 9090;
const retention = '7d';

/** What Prometheus reads, as JSON, which is YAML as well. */
const configurationOf = (rulesFile: string, targets: Record<string, string>, scrapeSeconds: number) => ({
  global: { scrape_interval: `${scrapeSeconds}s`, evaluation_interval: '15s' },
  rule_files: [rulesFile],
  scrape_configs: Object.entries(targets).map(([job, target]) => ({
    job_name: job,
    static_configs: [{ targets: [target] }],
  })),
});

/** The rules of the cluster. */
const rules = { groups: latencyRule.spec.groups };

/**
 * Starts the machine's Prometheus on a folder of its own, with the rules of the cluster. `targets` are the addresses of
 * programs by the `job` that they have there. Resolves to null if Prometheus is not installed.
 */
export async function startPrometheus({
  folder,
  targets,
  scrapeSeconds = 5,
}: {
  folder: string;
  targets: Record<string, string>;
  scrapeSeconds?: number;
}): Promise<{ baseUrl: string; logFile: string; stop(): Promise<void> } | null> {
  const data = join(folder, 'data');
  await mkdir(data, { recursive: true });
  const [rulesFile, configFile] = [join(folder, 'rules.json'), join(folder, 'prometheus.json')];
  await writeFile(rulesFile, JSON.stringify(rules, null, 2));
  await writeFile(configFile, JSON.stringify(configurationOf(rulesFile, targets, scrapeSeconds), null, 2));
  const address = `127.0.0.1:${await freePort(preferredPort)}`;
  const logFile = join(folder, 'prometheus.log');
  const child = await spawnProgram(logFile, [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${data}`,
    `--storage.tsdb.retention.time=${retention}`,
    `--web.listen-address=${address}`,
  ]);
  return child && { baseUrl: `http://${address}`, logFile, stop: () => stop(child) };
}

/** Its output goes to the file. Null if there is no such program. */
async function spawnProgram(logFile: string, args: string[]): Promise<ChildProcess | null> {
  const log = await open(logFile, 'w', 0o600);
  try {
    // Detached: Ctrl-C reaches the whole process group, but this process stops its children in order.
    const child = spawn('prometheus', args, {
      env: inheritedEnvironment(),
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await once(child, 'spawn');
    endWithThisProcess(child);
    return child;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  } finally {
    await log.close();
  }
}

async function stop(child: ChildProcess) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
