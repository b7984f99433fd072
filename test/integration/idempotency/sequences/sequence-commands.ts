import fc from 'fast-check';
import { wellSteps } from '../../../model/dead-keys.ts';
import { noFlaws } from '../../../model/flaws.ts';
import type { State } from '../../../model/state.ts';
import { inWords, type Step, type StepName } from '../../../model/step-names.ts';
import { stepsOf } from '../../../model/steps.ts';
import { performStep } from './perform-step.ts';
import type { RealKey } from './real-key.ts';

/** The model's state moves on with the real stores. */
export interface ModelState {
  state: State;
  readonly stepsTaken: StepName[];
}

type SequenceCommand = fc.AsyncCommand<ModelState, RealKey>;

export const SEQUENCE_ATTEMPTS = 3;

const aside: readonly StepName[] = [
  'begin-unanswered',
  'begin-unheard',
  'begin-delayed',
  'late-begin',
  'ledger-unanswered',
  'handler-final-failure',
  'give-back',
  'renew',
  'statement-refused',
  'outcome-unknown',
  'late-release',
  'answer-lost',
  'crash',
  'wait-ends',
];

/** Leases end often here: what is taken over is what is hardest. */
const around: readonly StepName[] = [
  'lease-over',
  'lease-over',
  'lease-over',
  'claim-gone',
  'claim-gone',
  'claim-forgotten',
  'redis-forgets',
  'replica-falls-behind',
  'stale-failover',
  'foreign-value',
  'time-to-live-over',
  'memory-over',
];

const behindAnswers: readonly StepName[] = ['settle', 'release'];
const calls: readonly StepName[] = ['call', 'altered-call'];

/** What nobody does twice, or hardly ever. */
const rare: readonly StepName[] = ['begin-own', 'rival-gone'];

/** What the sequences must have done to prove anything. */
export const performedSteps: ReadonlySet<StepName> = new Set(
  [...calls, ...wellSteps, ...behindAnswers, ...aside, ...around].filter((name) => !rare.includes(name)),
);

/** One of some steps, of any attempt or of nobody: which one of those that are possible is chosen by a number. */
class StepCommand implements SequenceCommand {
  readonly #names: readonly StepName[];
  readonly #choice: number;
  #taken: string | undefined;

  constructor(names: readonly StepName[], choice: number) {
    this.#names = names;
    this.#choice = choice;
  }

  check({ state }: Readonly<ModelState>): boolean {
    return this.#stepsIn(state).length > 0;
  }

  async run(model: ModelState, key: RealKey): Promise<void> {
    const steps = this.#stepsIn(model.state);
    const step = steps[this.#choice % steps.length];
    if (step === undefined) {
      throw new Error('the step is not possible');
    }
    this.#taken = inWords(step);
    await performStep(key, model.state, step);
    model.state = step.next;
    model.stepsTaken.push(step.name);
  }

  toString(): string {
    return this.#taken ?? this.#names.join(' or ');
  }

  #stepsIn(state: State): Step[] {
    return stepsOf(state, noFlaws).filter((step) => this.#names.includes(step.name) && canBePerformed(state, step));
  }
}

/** A final failure that cannot be written ends its attempt at once; and who waits for another process is about to ask again. */
function canBePerformed({ attempts }: State, { name, attempt }: Step): boolean {
  const own = attempt === undefined ? undefined : attempts[attempt];
  return !(
    (name === 'statement-refused' && own?.statement === 'failed') ||
    (name === 'wait-ends' && own?.phase === 'waiting')
  );
}

/** Redis has forgotten the scripts, which changes nothing. */
class ScriptFlushCommand implements SequenceCommand {
  check = () => true;

  async run(_model: ModelState, { stage }: RealKey): Promise<void> {
    await stage.redis.script('FLUSH');
  }

  toString(): string {
    return 'script flush';
  }
}

/** Enough to reach any of the steps that are possible. */
const someChoice = fc.nat(11);

function commandOf(names: fc.Arbitrary<readonly StepName[]>): fc.Arbitrary<SequenceCommand> {
  return fc.tuple(names, someChoice).map(([group, choice]) => new StepCommand(group, choice));
}

/** Steps in any order, most of them such that calls get on. */
export const sequences = fc.commands(
  [
    fc.oneof(
      { weight: 5, arbitrary: commandOf(fc.constant(calls)) },
      { weight: 20, arbitrary: commandOf(fc.constant(wellSteps)) },
      { weight: 4, arbitrary: commandOf(fc.constant(behindAnswers)) },
      { weight: 8, arbitrary: commandOf(fc.constantFrom(...aside).map((name) => [name])) },
      { weight: 6, arbitrary: commandOf(fc.constantFrom(...around).map((name) => [name])) },
      { weight: 1, arbitrary: fc.constant(null).map(() => new ScriptFlushCommand()) },
    ),
  ],
  { maxCommands: 60, size: 'max' },
);
