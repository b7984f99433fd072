import { hostname } from 'node:os';

/** A process that runs attempts, for those who look for it. */
export interface ProcessIdentity {
  /** The name of its machine or container. */
  readonly host: string;
  readonly processId: number;
}

/** The longest name of a host that DNS allows. */
const HOST_CHARACTERS_MAX = 253;

/** `host:id`; what stands behind the last colon is the id, which fits into a uint32. */
const PROCESS_PATTERN = /^(.{0,253}):(\d{1,9})$/;

export function ownProcess(): ProcessIdentity {
  return { host: hostname().slice(0, HOST_CHARACTERS_MAX), processId: process.pid };
}

export function processText({ host, processId }: ProcessIdentity): string {
  return `${host}:${processId}`;
}

/** @returns undefined if the text is none of a process */
export function parseProcess(text: string): ProcessIdentity | undefined {
  const [, host, id] = PROCESS_PATTERN.exec(text) ?? [];
  return host === undefined || id === undefined ? undefined : { host, processId: Number(id) };
}
