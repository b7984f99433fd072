import type { Endpoint } from './endpoint.ts';
import type { ReadResult } from './read-endpoint.ts';
import type { Span } from './span.ts';
import type { Figure } from './sums.ts';

/** What is known of one process. */
export interface View {
  readonly endpoint: Endpoint;
  readonly latest: ReadResult;
  /** From the reading before to the latest; undefined while there is none, or it cannot be read. */
  readonly last: Span | undefined;
  /** From some seconds ago to the latest. */
  readonly window: Span | undefined;
  /** For how long it has been waited for; until an answer comes, or none in time, all else is as it was. */
  readonly silentSeconds: number;
  /** For how long the process has been degraded without a break; undefined if it is not, or it is not known since when. */
  readonly degradedFor: Figure;
}
