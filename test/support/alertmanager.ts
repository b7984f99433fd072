import { join } from 'node:path';
import { z } from 'zod';
import { startMonitor } from './monitor-process.ts';
import type { MonitorPrograms } from './monitor-programs.ts';
import { monitoringFolder } from './monitoring-files.ts';

/** An alert that has come to Alertmanager and goes on. */
export interface ArrivedAlert {
  readonly name: string;
  readonly summary: string;
  readonly receivers: readonly string[];
}

export interface TestAlertmanager extends AsyncDisposable {
  readonly address: string;
  alerts(): Promise<readonly ArrivedAlert[]>;
}

const alertsRule = z.array(
  z.object({
    labels: z.object({ alertname: z.string() }),
    annotations: z.object({ summary: z.string() }),
    receivers: z.array(z.object({ name: z.string() })),
  }),
);

/** Starts Alertmanager with our configuration. */
export async function startTestAlertmanager(programs: MonitorPrograms): Promise<TestAlertmanager> {
  const monitor = await startMonitor({
    title: 'alertmanager',
    program: programs.alertmanager,
    // Without an address for a cluster it listens nowhere else.
    argumentsIn: async (folder) => [
      `--config.file=${join(monitoringFolder, 'alertmanager.yml')}`,
      `--storage.path=${join(folder, 'data')}`,
      '--cluster.listen-address=',
    ],
  });
  return {
    address: monitor.address,
    alerts: async () =>
      alertsRule.parse(await monitor.read('/api/v2/alerts')).map(({ labels, annotations, receivers }) => ({
        name: labels.alertname,
        summary: annotations.summary,
        receivers: receivers.map(({ name }) => name),
      })),
    [Symbol.asyncDispose]: () => monitor[Symbol.asyncDispose](),
  };
}
