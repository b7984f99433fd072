import { constants } from 'node:fs';
import { access, rm, writeFile } from 'node:fs/promises';
import { systemErrorCode } from './embedded-error.ts';
import { type ProgramResult, runProgram } from './run-program.ts';

/** Where Debian keeps what an installation needs. */
export interface DebianSystem {
  readonly aptGet: string;
  readonly updateRcD: string;
  readonly servicePolicy: string;
}

export const debianSystem: DebianSystem = {
  aptGet: '/usr/bin/apt-get',
  updateRcD: '/usr/sbin/update-rc.d',
  servicePolicy: '/usr/sbin/policy-rc.d',
};

// "Two minutes from the first command to the first answer" leaves no more than this for one package.
const updateTimeoutMs = 45_000;
const installTimeoutMs = 90_000;
const disableTimeoutMs = 15_000;

export async function hasAptGet({ aptGet }: DebianSystem): Promise<boolean> {
  return access(aptGet, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Installs packages for their programs alone: the services that they bring are neither started now nor with the machine. */
export async function installWithoutServices(
  packageNames: readonly string[],
  system: DebianSystem,
): Promise<ProgramResult> {
  const installation = await withServicesKeptStopped(system.servicePolicy, () => install(packageNames, system.aptGet));
  if (installation.isSuccess) {
    for (const packageName of packageNames) await disableService(packageName, system.updateRcD);
  }
  return installation;
}

async function install(packageNames: readonly string[], aptGet: string): Promise<ProgramResult> {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (programArguments: string[], timeoutMs: number) =>
    runProgram({ program: aptGet, programArguments, environment, timeoutMs });
  // Without a network the lists of an earlier update may do: the installation itself decides.
  await run(['update'], updateTimeoutMs);
  const waitForLock = ['-o', 'DPkg::Lock::Timeout=60'];
  return run([...waitForLock, 'install', '-y', '--no-install-recommends', ...packageNames], installTimeoutMs);
}

/**
 * Debian's documented way to install a service without starting it is a policy program that answers 101 (forbidden).
 * One that exists already, as in container images, stays as it is.
 */
async function withServicesKeptStopped<Result>(policyFile: string, action: () => Promise<Result>): Promise<Result> {
  const isOurs = await writePolicy(policyFile);
  try {
    return await action();
  } finally {
    if (isOurs) await rm(policyFile, { force: true });
  }
}

async function writePolicy(policyFile: string): Promise<boolean> {
  const policy =
    '#!/bin/sh\n# Keeps services stopped while a package is installed. May be removed when that is over.\nexit 101\n';
  try {
    await writeFile(policyFile, policy, { flag: 'wx', mode: 0o755 });
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The package enables its service for the next start of the machine. Where there are no services, neither is this. */
async function disableService(service: string, updateRcD: string): Promise<void> {
  const programArguments = [service, 'disable'];
  await runProgram({
    program: updateRcD,
    programArguments,
    environment: process.env,
    timeoutMs: disableTimeoutMs,
  }).catch(() => undefined);
}
