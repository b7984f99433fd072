import { once } from 'node:events';
import { createServer } from 'node:net';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';

export interface PrometheusOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** Metrics cannot be served where they should be. */
export class MetricsListenError extends Error {
  override readonly name = 'MetricsListenError';
}

/** Starts the endpoint at which Prometheus reads metrics. @throws MetricsListenError */
export async function startPrometheusEndpoint({ host, port }: PrometheusOptions): Promise<PrometheusExporter> {
  const exporter = new PrometheusExporter({
    host,
    port: port === 0 ? await freePort(host) : port,
    preventServerStart: true,
    // There is one scope: its name and version on each of a thousand lines would say nothing.
    withoutScopeInfo: true,
  });
  try {
    await exporter.startServer();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new MetricsListenError(
      `Metrics cannot be served: ${why}. Is the port in use? Choose another with METRICS_LISTEN.`,
      { cause },
    );
  }
  return exporter;
}

/** The exporter takes 0 for its default. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
