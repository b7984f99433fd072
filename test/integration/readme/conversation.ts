import { README_ADDRESS, type ReadmeCall } from './readme-calls.ts';
import { RunValues } from './run-values.ts';
import { runInShell, type ShellResult } from './shell.ts';

/** What came of one call of the README. */
export interface Exchange {
  readonly result: ShellResult;
  /** The lines of the README's answer that were not printed. */
  readonly missingLines: readonly string[];
  /** In what grpcurl's answer to the same call differed; nothing where grpcurl is not installed. */
  readonly twinDifferences: readonly string[];
}

/** Makes all calls in the README's order, each command literally but for the address and the ids of this run's orders. */
export async function holdConversation(calls: readonly ReadmeCall[], address: string): Promise<readonly Exchange[]> {
  const values = new RunValues();
  const { isSuccess: hasGrpcurl } = await runInShell('command -v grpcurl');
  const exchanges: Exchange[] = [];
  const run = (command: string) => runInShell(values.inThisRun(command).replaceAll(README_ADDRESS, address));
  for (const { buf, grpcurl, expectedLines } of calls) {
    const result = await run(buf.command);
    const missingLines = values.missingLines(expectedLines, result.output);
    const twinDifferences = hasGrpcurl ? differences(result, await run(grpcurl.command)) : [];
    exchanges.push({ result, missingLines, twinDifferences });
  }
  return exchanges;
}

/** The order ids in an answer, which both programs print alike. */
export function orderIdsIn({ output }: ShellResult): readonly string[] {
  return Array.from(output.matchAll(/"orderId": "(.*?)"/g), ([, id = '']) => id);
}

/** The `idempotency-status` of an answer, if metadata are printed. */
export function idempotencyStatusIn({ output }: ShellResult): string | undefined {
  return /^(?:buf: < \(#2\) )?idempotency-status: (\w+)$/im.exec(output)?.[1];
}

/** The same call right after the first one, from another program: the same orders, and for a mutation a replay. */
function differences(first: ShellResult, twin: ShellResult): readonly string[] {
  const wanted = [...orderIdsIn(first), idempotencyStatusIn(first) && 'replayed'].join();
  const got = [...orderIdsIn(twin), idempotencyStatusIn(twin)].join();
  return got === wanted ? [] : [`${wanted} was expected of grpcurl, which printed:\n${twin.output}`];
}
