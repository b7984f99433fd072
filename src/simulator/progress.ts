import { Listr } from 'listr2';

export interface Step {
  readonly title: string;
  run(say: (what: string) => void): Promise<void>;
}

/** News reach a terminal so often, and a log, where every line stays, */
const NEWS_ON_TERMINAL_MS = 200;
/** less often. */
const NEWS_IN_LOG_MS = 5_000;

/** Takes steps one after the other and shows where it is: in place on a terminal, else in plain lines. */
export async function takeSteps(steps: readonly Step[]): Promise<void> {
  const isTerminal = process.stdout.isTTY;
  const tasks = new Listr(
    steps.map(({ title, run }) => ({
      title,
      task: async (_context, task) => {
        let saidAtMs = Number.NEGATIVE_INFINITY;
        await run((what) => {
          if (performance.now() - saidAtMs >= (isTerminal ? NEWS_ON_TERMINAL_MS : NEWS_IN_LOG_MS)) {
            saidAtMs = performance.now();
            task.output = what;
          }
        });
      },
    })),
    {
      renderer: 'default',
      fallbackRenderer: 'simple',
      fallbackRendererCondition: () => !isTerminal,
      // Ctrl-C is ours: it ends the load, and the rest goes on.
      registerSignalListeners: false,
    },
  );
  await tasks.run();
}
