/** The instants between which a process can die with different consequences, in the order in which a call passes them. */
export type PausePoint =
  | 'before_begin'
  | 'after_begin'
  | 'before_commit'
  | 'after_commit'
  | 'before_settle'
  | 'before_answer';

/** Lets a test stop or kill the process at a pause point. Production passes none, which costs nothing. */
export type Pause = (point: PausePoint) => Promise<void>;
