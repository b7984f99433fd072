import { execFile, execFileSync } from 'node:child_process';
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { stepNames } from './step-names.ts';

// docs/model/idempotency.pml: checked by Spin where it is installed, else only held against the names of the steps.

const run = promisify(execFile);
const source = new URL('../../docs/model/idempotency.pml', import.meta.url);

/** Spin's own search takes some seconds, and its compiler too. */
const SPIN_LIMIT_MS = 300_000;
const STATES_MIN = 1_000_000;
const LIVENESS_STATES_MIN = 20_000;

interface SpinResult {
  readonly errors: number;
  readonly states: number;
}

test('every step of the model for Spin has the name of a step of the other model', async () => {
  const text = await readFile(source, 'utf8');
  const named = [...text.matchAll(/\/\* ([a-z]+(?:-[a-z]+)*) \*\//g)].map(([, name]) => name ?? '');
  expect(named.length).toBeGreaterThan(40);
  const known: readonly string[] = stepNames;
  expect(named.filter((name) => !known.includes(name))).toEqual([]);
});

function isInstalled(): boolean {
  try {
    execFileSync('spin', ['-V'], { stdio: 'ignore' });
    execFileSync('cc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

if (isInstalled()) {
  describe('Spin', () => {
    let root: string;

    beforeAll(async () => {
      root = await mkdtemp(join(tmpdir(), 'promela-'));
    });

    afterAll(async () => {
      await rm(root, { recursive: true });
    });

    /**
     * Has Spin look at all states of the model, with something defined differently. Where there are few of them, compiling quickly counts for more
     * than running quickly.
     */
    async function check(
      defined: readonly string[],
      { forLiveness = false, optimized = false } = {},
    ): Promise<SpinResult> {
      const folder = await mkdtemp(join(root, 'run-'));
      await copyFile(source, join(folder, 'idempotency.pml'));
      await run('spin', [...defined.map((name) => `-D${name}`), '-a', 'idempotency.pml'], { cwd: folder });
      const kind = forLiveness ? ['-DNFAIR=3'] : ['-DSAFETY', '-DNOCLAIM'];
      await run('cc', [optimized ? '-O1' : '-O0', '-w', ...kind, '-o', 'pan', 'pan.c'], { cwd: folder });
      const { stdout } = await run('./pan', ['-m200000', ...(forLiveness ? ['-a', '-f'] : [])], { cwd: folder });
      expect(stdout).not.toContain('max search depth too small');
      return { errors: numberIn(stdout, /errors: (\d+)/), states: numberIn(stdout, /(\d+) states, stored/) };
    }

    test(
      'finds P1, P2 and P3 kept in every state, and nobody stuck',
      async () => {
        const { errors, states } = await check([], { optimized: true });
        expect(errors).toBe(0);
        expect(states).toBeGreaterThan(STATES_MIN);
      },
      SPIN_LIMIT_MS,
    );

    test(
      'finds that a call gets its answer at last, when all is well again (P6)',
      async () => {
        const { errors, states } = await check(['CALLS=1'], { forLiveness: true });
        expect(errors).toBe(0);
        expect(states).toBeGreaterThan(LIVENESS_STATES_MIN);
      },
      SPIN_LIMIT_MS,
    );

    test(
      'finds that a call waits for ever for a claim that has no end (P6)',
      async () => {
        expect(await check(['CALLS=1', 'CLAIM_WITHOUT_LEASE'], { forLiveness: true })).toMatchObject({ errors: 1 });
      },
      SPIN_LIMIT_MS,
    );

    test.each([
      'CONFLICT_IGNORED',
      'LEDGER_OUTSIDE_TRANSACTION',
      'ANSWER_BEFORE_COMMIT',
      'SETTLED_BEFORE_COMMIT',
      'FINGERPRINT_NOT_COMPARED',
      'MISMATCH_TRUSTED',
      'CLAIM_WITHOUT_LEASE',
    ])(
      'finds the planted bug %s',
      async (flaw) => {
        expect(await check([flaw])).toMatchObject({ errors: 1 });
      },
      SPIN_LIMIT_MS,
    );
  });
} else {
  test('Spin is not installed here (Debian: spin, gcc): the model for it was not checked', () => {
    expect(isInstalled()).toBe(false);
  });
}

function numberIn(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? Number.NaN);
}
