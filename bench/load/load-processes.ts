import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CpuMeter } from '../stage/cpu-meter.ts';
import { type LoadMessage, type LoadPlan, type LoadResult, loadMessageRule } from './messages.ts';

const script = fileURLToPath(new URL('./load-process.ts', import.meta.url));

/** A load process that uses more of its one CPU is the limit of what is measured. */
const BUSY = 0.9;

export interface Load extends LoadResult {
  /** How many processes it took to make it. */
  readonly processes: number;
  /** Whether even so many were busy all the time, so that the server could have done more. */
  readonly isLimit: boolean;
  /** What the meter has measured meanwhile. */
  readonly shares: Readonly<Record<string, number>>;
}

/** Makes calls from one process, and once more from two if that one was the limit. @param meter of those who are under load */
export async function measureLoad(plan: LoadPlan, meter: CpuMeter): Promise<Load> {
  const alone = await makeLoad(plan, 1, meter);
  if (!alone.isLimit || plan.inFlight === 1) {
    return alone;
  }
  // What was new is not new a second time.
  return await makeLoad(plan.keys === 'new' ? { ...plan, keyPrefix: `${plan.keyPrefix}b` } : plan, 2, meter);
}

/** Makes calls from so many processes, once. */
export async function makeLoad(plan: LoadPlan, processes: number, meter: CpuMeter): Promise<Load> {
  const children = Array.from({ length: processes }, () =>
    fork(script, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
  );
  try {
    const talks = children.map(talkWith);
    await Promise.all(talks.map((talk) => talk('ready')));
    for (const [index, child] of children.entries()) {
      child.send(shareOf(plan, index, processes));
    }
    await Promise.all(talks.map((talk) => talk('measuring')));
    const end = await meter.begin();
    const measured = await Promise.all(talks.map((talk) => talk('measured')));
    const shares = await end();
    await Promise.all(talks.map((talk) => talk('done')));
    const results = measured.map(({ result }) => result);
    return { ...together(results), processes, isLimit: results.every(({ cpu }) => cpu > BUSY), shares };
  } finally {
    for (const child of children) {
      child.kill('SIGKILL');
    }
  }
}

function shareOf(plan: LoadPlan, index: number, processes: number): LoadPlan {
  const { inFlight, callsMax, keys, keyPrefix } = plan;
  return {
    ...plan,
    inFlight: Math.ceil(inFlight / processes),
    callsMax: callsMax / processes,
    ...(keys === 'new' ? { keyPrefix: `${keyPrefix}-${index}` } : { firstKey: Math.floor((keys * index) / processes) }),
  };
}

/** What a child says next, which has to be of the kind that is asked for. @throws if the child ends instead */
function talkWith(child: ChildProcess) {
  const messages = on(child, 'message');
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
    throw new Error(`the load process ended by itself (${signal ?? `exit code ${code}`}); what it said stands above`);
  });
  ended.catch(() => {});
  return async <Kind extends LoadMessage['kind']>(kind: Kind): Promise<Extract<LoadMessage, { kind: Kind }>> => {
    const { value } = await Promise.race([messages.next(), ended]);
    const message = loadMessageRule.parse(value?.[0]);
    if (!isOfKind(message, kind)) {
      throw new Error(`the load process said ${JSON.stringify(message)} where ${kind} was expected`);
    }
    return message;
  };
}

function isOfKind<Kind extends LoadMessage['kind']>(
  message: LoadMessage,
  kind: Kind,
): message is Extract<LoadMessage, { kind: Kind }> {
  return message.kind === kind;
}

/** Percentiles of two processes are not those of all calls together, but as near as makes no difference when the processes are alike. */
export function together(results: readonly LoadResult[]): LoadResult {
  const sum = (of: (result: LoadResult) => number) => results.reduce((total, result) => total + of(result), 0);
  const mean = (of: (result: LoadResult) => number) => sum(of) / results.length;
  const failures: Record<string, number> = {};
  for (const result of results) {
    for (const [failure, count] of Object.entries(result.failures)) {
      failures[failure] = (failures[failure] ?? 0) + count;
    }
  }
  return {
    calls: sum(({ calls }) => calls),
    seconds: mean(({ seconds }) => seconds),
    failures,
    p50Ms: mean(({ p50Ms }) => p50Ms),
    p99Ms: mean(({ p99Ms }) => p99Ms),
    maxMs: Math.max(...results.map(({ maxMs }) => maxMs)),
    cpu: sum(({ cpu }) => cpu),
  };
}
