import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import {
  type DebianSystem,
  debianSystem,
  hasAptGet,
  installWithoutServices,
} from '../../src/embedded/debian-package.ts';
import type { ProgramResult } from '../../src/embedded/run-program.ts';

/** What watches the service, by the names that it can have. Debian has its own for the last one. */
const names = {
  prometheus: ['prometheus'],
  promtool: ['promtool'],
  amtool: ['amtool'],
  alertmanager: ['alertmanager', 'prometheus-alertmanager'],
} as const;

const packages = ['prometheus', 'prometheus-alertmanager'] as const;

/** The paths of the programs. */
export type MonitorPrograms = Readonly<Record<keyof typeof names, string>>;

export interface MonitorSearch {
  /** The folders to look in, as in PATH. */
  readonly searchPath: string;
  readonly isRoot: boolean;
  readonly log: (message: string) => void;
  readonly system?: DebianSystem;
}

const ways = `To get Prometheus and Alertmanager:
  Debian, Ubuntu   sudo apt-get update && sudo apt-get install --no-install-recommends ${packages.join(' ')}
  macOS            brew install prometheus alertmanager
  without root     unpack both from https://prometheus.io/download and put their folders on the PATH`;

/**
 * Finds Prometheus, Alertmanager and their tools; installs them where one is missing, we are root, and there is apt.
 * @throws if one is missing after that, with how to get it
 */
export async function findMonitorPrograms(search: MonitorSearch): Promise<MonitorPrograms> {
  const { searchPath, isRoot, log, system = debianSystem } = search;
  const before = await lookFor(searchPath);
  if (before.kind === 'found') {
    return before.programs;
  }
  if (!isRoot || !(await hasAptGet(system))) {
    throw new Error(`The tests of alerts need ${before.missing}, which is not on the PATH.\n${ways}`);
  }
  log(`${before.missing} is missing: installing it (apt-get install --no-install-recommends ${packages.join(' ')})`);
  const { output } = await installWithoutServices(packages, system).catch(
    (error: unknown): ProgramResult => ({ isSuccess: false, output: String(error) }),
  );
  const after = await lookFor(searchPath);
  if (after.kind === 'found') {
    return after.programs;
  }
  const lastLines = output.split('\n').slice(-3).join('\n');
  throw new Error(`The tests of alerts need ${after.missing}, and apt-get has not brought it: ${lastLines}\n${ways}`);
}

type Found =
  | { readonly kind: 'found'; readonly programs: MonitorPrograms }
  | { readonly kind: 'missing'; readonly missing: string };

async function lookFor(searchPath: string): Promise<Found> {
  const [prometheus, promtool, amtool, alertmanager] = await Promise.all([
    find(names.prometheus, searchPath),
    find(names.promtool, searchPath),
    find(names.amtool, searchPath),
    find(names.alertmanager, searchPath),
  ]);
  if (prometheus === undefined) return { kind: 'missing', missing: 'prometheus' };
  if (promtool === undefined) return { kind: 'missing', missing: 'promtool' };
  if (amtool === undefined) return { kind: 'missing', missing: 'amtool' };
  if (alertmanager === undefined) return { kind: 'missing', missing: 'alertmanager' };
  return { kind: 'found', programs: { prometheus, promtool, amtool, alertmanager } };
}

async function find(candidates: readonly string[], searchPath: string): Promise<string | undefined> {
  const folders = searchPath.split(delimiter).filter((folder) => folder !== '');
  for (const path of candidates.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    const isThere = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

/** The programs for a test of this machine. */
export function testMonitorPrograms(): Promise<MonitorPrograms> {
  const { PATH: searchPath = '' } = process.env;
  return findMonitorPrograms({ searchPath, isRoot: process.getuid?.() === 0, log: console.log });
}
