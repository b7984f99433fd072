import type { ConfigWith } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import { masked } from '../config/mask.ts';
import { counted } from '../doctor/age.ts';
import { checksOf } from '../doctor/checks.ts';
import { examine } from '../doctor/examine.ts';
import { oneLine } from '../doctor/one-line.ts';
import type { Clock } from '../doctor/ports.ts';
import { openPostgres } from '../doctor/postgres-port.ts';
import { openRedis } from '../doctor/redis-port.ts';
import { worst } from '../doctor/remark.ts';
import { renderReport } from '../doctor/report.ts';
import { renderJson } from '../doctor/report-json.ts';
import { requeue } from '../doctor/requeue.ts';
import { reasonOf } from '../doctor/trouble.ts';
import { loadConfig } from './load-config.ts';

export interface DoctorOptions {
  /** For machines. */
  readonly json?: boolean;
  /** An order's id, or `all`. */
  readonly requeue?: string;
}

/** Where the doctor writes; a terminal gets colours, and its width. */
export interface DoctorOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** What stands in for the world in tests. */
export interface DoctorWorld {
  readonly output?: DoctorOutput;
  readonly complaints?: Pick<DoctorOutput, 'write'>;
  readonly clock?: Clock;
}

export type ExitCode = 0 | 1 | 2;

/** Behind the options in `doctor --help`. */
export const doctorHelp = `
It looks and changes nothing, unless it is told to requeue. It ends within a few seconds, also where a server hangs.

Exit codes:
  0  all is well, or there are only warnings
  1  there are faults, or an order could not be requeued
  2  it could not be run: the configuration or the options are wrong`;

const WIDTH_COLUMNS_DEFAULT = 80;

const ORDER_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Examines the deployment that the environment describes, and says what was found. Does not throw. */
export async function doctor(env: Environment, options: DoctorOptions, world: DoctorWorld = {}): Promise<ExitCode> {
  const { output = process.stdout, complaints = process.stderr, clock = Date.now } = world;
  let config: ConfigWith<'database'>;
  try {
    config = loadConfig(env);
  } catch (error) {
    complaints.write(`${reasonOf(error)}\n`);
    return 2;
  }
  const which = options.requeue;
  if (which !== undefined && which !== 'all' && !ORDER_ID.test(which)) {
    complaints.write(`"${oneLine(which)}" is no order id: give one, as the doctor prints it, or \`all\`\n`);
    return 2;
  }
  return which === undefined
    ? await examineAll(config, { output, clock, json: options.json ?? false })
    : await requeueAndTell(config, which, { output, complaints, json: options.json ?? false });
}

interface Examination {
  readonly output: DoctorOutput;
  readonly clock: Clock;
  readonly json: boolean;
}

async function examineAll(config: ConfigWith<'database'>, { output, clock, json }: Examination): Promise<ExitCode> {
  const { url, connectTimeoutMs } = config.redis;
  const postgres = openPostgres(config.database);
  const redis = url === undefined ? undefined : openRedis({ url, connectTimeoutMs });
  try {
    const findings = await examine(checksOf({ config, postgres, redis, clock, nodeVersion: process.versions.node }));
    const text = json
      ? renderJson(findings)
      : renderReport({
          findings,
          subject: subjectOf(config),
          widthColumns: output.columns ?? WIDTH_COLUMNS_DEFAULT,
          inColour: output.isTTY ?? false,
        });
    output.write(text);
    return worst(findings.map(({ level }) => level)) === 'fault' ? 1 : 0;
  } finally {
    postgres.close();
    redis?.close();
  }
}

function subjectOf({ database, redis }: ConfigWith<'database'>): readonly string[] {
  const shown = (url: string) => masked({ secrecy: 'passwordInUrl' }, url);
  return [
    `PostgreSQL  ${shown(database.url)}`,
    `Redis       ${redis.url === undefined ? 'none' : `${shown(redis.url)}, prefix ${redis.prefix}`}`,
  ];
}

interface Requeueing {
  readonly output: DoctorOutput;
  readonly complaints: Pick<DoctorOutput, 'write'>;
  readonly json: boolean;
}

async function requeueAndTell(
  config: ConfigWith<'database'>,
  which: string,
  { output, complaints, json }: Requeueing,
): Promise<ExitCode> {
  let requeued: readonly string[];
  try {
    requeued = await requeue(config.database, which);
  } catch (error) {
    complaints.write(
      `nothing more was requeued: ${oneLine(reasonOf(error instanceof Error ? (error.cause ?? error) : error))}\n`,
    );
    return 1;
  }
  if (json) {
    output.write(`${JSON.stringify({ requeued }, null, 2)}\n`);
  } else {
    output.write(renderRequeued(requeued, which));
  }
  return requeued.length === 0 && which !== 'all' ? 1 : 0;
}

function renderRequeued(requeued: readonly string[], which: string): string {
  if (requeued.length === 0) {
    return which === 'all' ? 'no order was set aside\n' : `${which} was not set aside\n`;
  }
  return `${counted(requeued.length, 'order')} will be tried again:\n${requeued.map((id) => `  ${id}\n`).join('')}`;
}
