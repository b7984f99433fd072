/** The states of a record. What is in none of them is ABSENT. */
export const recordStates = ['PENDING', 'COMPLETED', 'FAILED', 'EXPIRED'] as const;
export type RecordState = (typeof recordStates)[number];

export interface RecordTransition {
  readonly from: RecordState | 'ABSENT';
  readonly to: RecordState | 'ABSENT';
  /** A script of the store, or nothing but time. */
  readonly by: 'begin' | 'renew' | 'complete' | 'fail' | 'release' | 'time';
  readonly means: string;
}

/** The life of a record. The store, tests, docs and pictures are made from this table or held against it. */
export const recordTransitions = [
  { from: 'ABSENT', to: 'PENDING', by: 'begin', means: 'a call claims its key' },
  { from: 'PENDING', to: 'PENDING', by: 'begin', means: 'its lease is over: another call takes over' },
  { from: 'PENDING', to: 'PENDING', by: 'renew', means: 'its handler still runs' },
  { from: 'PENDING', to: 'COMPLETED', by: 'complete', means: 'the order is committed' },
  { from: 'ABSENT', to: 'COMPLETED', by: 'complete', means: 'it is committed; its claim had lapsed' },
  { from: 'PENDING', to: 'FAILED', by: 'fail', means: 'a final failure is committed' },
  { from: 'ABSENT', to: 'FAILED', by: 'fail', means: 'it is committed; its claim had lapsed' },
  { from: 'PENDING', to: 'ABSENT', by: 'release', means: 'nothing was done: the key is given back' },
  { from: 'PENDING', to: 'ABSENT', by: 'time', means: 'its owner died: a second after its lease' },
  { from: 'COMPLETED', to: 'EXPIRED', by: 'time', means: '24 hours after the first attempt' },
  { from: 'FAILED', to: 'EXPIRED', by: 'time', means: '24 hours after the first attempt' },
  { from: 'EXPIRED', to: 'PENDING', by: 'begin', means: 'a derived key is used again' },
  { from: 'EXPIRED', to: 'ABSENT', by: 'time', means: 'the clean-up, 7 days later' },
] as const satisfies readonly RecordTransition[];
