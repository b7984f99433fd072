import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { defaultProcessor } from '../../../src/fulfilment/default-processor.ts';
import { loadProcessor, ProcessorError } from '../../../src/fulfilment/load-processor.ts';

const given = (name: string) => fileURLToPath(new URL(`./processors/${name}`, import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'processors-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

test('without a path it is the default processor', async () => {
  expect(await loadProcessor(undefined)).toBe(defaultProcessor);
});

test('it is loaded from the working directory, with all that its steps can do', async () => {
  const { steps } = await loadProcessor(relative(process.cwd(), given('good.ts')));
  expect(steps.map(({ name, run, undo }) => [name, typeof run, typeof undo])).toEqual([
    ['first', 'function', 'function'],
    [`a${'-'.repeat(62)}`, 'function', 'undefined'],
  ]);
});

test('its steps are the objects of the module themselves: methods of classes keep what they have', async () => {
  const path = await moduleOf(
    'class-step',
    'class S { name = "s"; #kept = 1; async run() { return this.#kept } }; export default { steps: [new S()] }',
  );
  const [step] = (await loadProcessor(path)).steps;
  const context = { order: null, idempotencyKey: '', signal: null };
  expect(await Reflect.apply(step?.run ?? (() => 0), step, [context])).toBe(1);
});

/** Writes a module. @returns its path */
async function moduleOf(name: string, text: string): Promise<string> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, text);
  return path;
}

const run = 'run: async () => ({ kind: "done" })';
const nameRule = 'the name of a step has 1 to 63 of a-z, 0-9 and -, and begins with a letter';
const stepRule = 'a step is an object with a name, a function run and, if it can be taken back, a function undo';

test.each([
  ['no-default', 'export const processor = {}', 'the default export: '],
  ['a-function', 'export default () => {}', 'the default export: '],
  ['nothing', 'export default null', 'the default export: '],
  ['no-steps', 'export default {}', 'steps: '],
  ['steps-by-name', 'export default { steps: { a() {} } }', 'steps: '],
  ['step-is-function', 'export default { steps: [async () => {}] }', `steps.0: ${stepRule}`],
  ['step-is-null', 'export default { steps: [null] }', `steps.0: ${stepRule}`],
  ['no-run', 'export default { steps: [{ name: "a" }] }', `steps.0: ${stepRule}`],
  ['run-is-text', 'export default { steps: [{ name: "a", run: "a" }] }', `steps.0: ${stepRule}`],
  ['undo-is-text', `export default { steps: [{ name: "a", ${run}, undo: "a" }] }`, `steps.0: ${stepRule}`],
  ['no-name', `export default { steps: [{ ${run} }] }`, `steps.0: ${nameRule}`],
  ['name-is-number', `export default { steps: [{ name: 7, ${run} }] }`, `steps.0: ${nameRule}`],
  ['name-in-capitals', `export default { steps: [{ name: "Charge", ${run} }] }`, `steps.0: ${nameRule}`],
  ['name-with-comma', `export default { steps: [{ name: "a,b", ${run} }] }`, `steps.0: ${nameRule}`],
  ['name-with-line-end', `export default { steps: [{ name: "a\\n", ${run} }] }`, `steps.0: ${nameRule}`],
  ['name-too-long', `export default { steps: [{ name: "a".repeat(64), ${run} }] }`, `steps.0: ${nameRule}`],
  [
    'same-name',
    `export default { steps: [{ name: "a", ${run} }, { name: "a", ${run} }] }`,
    'steps: two steps have the same name',
  ],
  [
    'too-many',
    `export default { steps: Array.from({ length: 21 }, (_, i) => ({ name: "s" + i, ${run} })) }`,
    'steps: a processor has at most 20 steps',
  ],
])('%s: the message names the module, the setting and what is wrong', async (name, text, fault) => {
  const path = await moduleOf(name, text);
  const error = await refusalOf(path);
  expect(error.message).toContain(`${path} has no processor as its default export (FULFILMENT_PROCESSOR).\n`);
  expect(error.message).toContain(`\n${fault}`);
});

test.each([
  ['is not there', 'missing.ts', /cannot be loaded \(FULFILMENT_PROCESSOR\): .*missing/],
  ['throws', 'throwing.ts', /cannot be loaded \(FULFILMENT_PROCESSOR\): no licence for the stock system/],
])('a module that %s: the message says so, with the path', async (_what, name, message) => {
  const error = await refusalOf(given(name));
  expect(error.message).toMatch(message);
  expect(error.message).toContain(given(name));
});

test('twenty steps, and none at all, are a processor', async () => {
  const twenty = `export default { steps: Array.from({ length: 20 }, (_, i) => ({ name: "s" + i, ${run} })) }`;
  expect((await loadProcessor(await moduleOf('twenty', twenty))).steps).toHaveLength(20);
  expect((await loadProcessor(await moduleOf('none', 'export default { steps: [] }'))).steps).toEqual([]);
});

async function refusalOf(path: string): Promise<ProcessorError> {
  const error = await loadProcessor(path).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProcessorError) return error;
  throw new Error(`no ProcessorError, but ${String(error)}`);
}
