import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { initialStates } from '../../model/state.ts';
import type { StepName } from '../../model/step-names.ts';
import { lookAtRemains } from './sequences/last-look.ts';
import { RealKey } from './sequences/real-key.ts';
import { type ModelState, performedSteps, SEQUENCE_ATTEMPTS, sequences } from './sequences/sequence-commands.ts';
import { openSequenceStage, type SequenceStage } from './sequences/sequence-stage.ts';

// The model of test/model, step by step against the real coordinator, the real scripts and the real ledger: after each step all
// attempts must stand where the model has them, and hold what it says. To repeat a failure, give the seed that it prints.

const seed = Number(process.env['SEQUENCES_SEED'] ?? 20_261_127);
const runs = Number(process.env['SEQUENCES_RUNS'] ?? 2_000);

/** Sequences at once: their keys are strangers to each other. */
const LANES = 8;
/** So many sequences take every step, whatever the seed. */
const ALL_STEPS_RUNS = 1_000;
const TEST_LIMIT_MS = 600_000;

let stage: SequenceStage;

beforeAll(async () => {
  stage = await openSequenceStage();
}, TEST_LIMIT_MS);

afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

test(
  `${runs} sequences from seed ${seed}: the product does what the model says`,
  async () => {
    const taken = new Set<StepName>();
    const lanes = Array.from({ length: LANES }, (_, lane) => runLane(seed + lane, Math.ceil(runs / LANES), taken));
    await Promise.all(lanes);
    // Sequences in which nothing happens would prove nothing; few of them cannot do everything.
    const missing = [...performedSteps].filter((name) => !taken.has(name));
    expect(runs < ALL_STEPS_RUNS ? [] : missing).toEqual([]);
  },
  TEST_LIMIT_MS,
);

async function runLane(laneSeed: number, numRuns: number, taken: Set<StepName>): Promise<void> {
  const property = fc.asyncProperty(fc.boolean(), sequences, async (expiredIsNew, commands) => {
    const [state] = initialStates(SEQUENCE_ATTEMPTS, true).filter((initial) => initial.expiredIsNew === expiredIsNew);
    if (state === undefined) throw new Error('there is no such state');
    const model: ModelState = { state, stepsTaken: [] };
    const key = new RealKey(stage, expiredIsNew);
    try {
      await fc.asyncModelRun(() => ({ model, real: key }), commands);
      await lookAtRemains(key, model.state);
    } finally {
      key.end();
    }
    for (const name of model.stepsTaken) taken.add(name);
  });
  await fc.assert(property, { seed: laneSeed, numRuns });
}
