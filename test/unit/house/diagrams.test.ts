import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { findings } from '../../../diagrams/check-findings.ts';
import { toDot } from '../../../diagrams/drawing.ts';
import { drawIdempotencyStates } from '../../../diagrams/idempotency-states.ts';
import { drawOrderFlow } from '../../../diagrams/order-flow.ts';
import { drawOrderFlowWithIdempotency } from '../../../diagrams/order-flow-with-idempotency.ts';
import { pictures } from '../../../diagrams/pictures.ts';
import { toPng, toSvg } from '../../../diagrams/render.ts';
import { digestOf, sizeOf, stamped, stampOf } from '../../../diagrams/stamp.ts';
import { postgresql } from '../../../diagrams/store-contents.ts';
import { PAGE_WIDTH, PIXELS_A_UNIT } from '../../../diagrams/theme.ts';
import { JOB_SCHEMA } from '../../../src/fulfilment/jobs.ts';
import { type RecordTransition, recordTransitions } from '../../../src/idempotency/record-life.ts';
import { type FlowStep, orderFlow } from '../../../src/telemetry/order-flow.ts';
import { wordsIn } from './drawn-texts.ts';

const root = new URL('../../../', import.meta.url);
const steps = Object.entries<FlowStep>(orderFlow);
const readPicture = (file: string) => readFileSync(new URL(`docs/diagrams/${file}`, root));

test('the pictures are the four that were asked for, and nothing else lies beside them', () => {
  const files = [
    'idempotency_states.png',
    'microservices_overview.png',
    'order_flow_diagram.png',
    'order_flow_with_idempotency.png',
  ];
  expect(Object.keys(pictures).sort()).toEqual(files);
  expect(readdirSync(new URL('docs/diagrams', root)).sort()).toEqual(files);
});

// Not their pixels: resvg is compiled for each platform, and may round a shade differently there. What it draws is the same.
test.each(Object.entries(pictures))(
  '%s shows what the tables say now; where it does not, `npm run diagrams` draws it anew',
  (file, draw) => {
    expect(stampOf(readPicture(file))).toBe(digestOf(toSvg(toDot(draw()))));
  },
);

test.each(Object.entries(pictures))('%s is as large as its drawing, and not larger than a page takes', (file, draw) => {
  const { height } = draw();
  expect(sizeOf(readPicture(file))).toEqual({ width: PAGE_WIDTH * PIXELS_A_UNIT, height: height * PIXELS_A_UNIT });
  expect(height).toBeGreaterThan(PAGE_WIDTH / 2);
  expect(height).toBeLessThan(PAGE_WIDTH * 1.2);
  expect(readPicture(file).length).toBeLessThan(500_000);
});

test('a picture is stamped with its drawing, and stays a picture', () => {
  const svg = toSvg(toDot(drawOrderFlow()));
  const png = toPng(svg);
  expect(stampOf(png)).toBeUndefined();
  expect(stampOf(stamped(png, svg))).toBe(digestOf(svg));
  expect(sizeOf(stamped(png, svg))).toEqual(sizeOf(png));
});

test('the picture after has every step in its order, marks the new ones, and says what the check can find', () => {
  const words = wordsIn(drawOrderFlowWithIdempotency());
  expect(steps.map(([name]) => words.get(`${name}: text`))).toEqual(
    steps.map(([, { title, where, does }]) => `${title} ${where} ${does}`),
  );
  expect(steps.map(([name]) => words.get(`${name}: number`))).toEqual(steps.map((_, index) => String(index + 1)));
  expect(steps.filter(([name]) => words.has(`${name} is new`))).toEqual(steps.filter(([, { isNew }]) => isNew));
  const told = [...words.values()].join('\n');
  for (const text of Object.values(findings).flatMap(({ found, meaning }) => [found, ...meaning])) {
    expect(told).toContain(text);
  }
});

test('the picture before has the same steps without the new ones, as they were', () => {
  const words = wordsIn(drawOrderFlow());
  const told = steps.map(([name]) => words.get(`${name}: text`)).filter((text) => text !== undefined);
  const old = steps.flatMap(([, step]) => (step.isNew ? [] : [`${step.title} ${step.where} ${step.didBefore}`]));
  expect(told).toEqual(old);
});

test('the picture of the states has every transition: its arrow, by what it is made, and what it means', () => {
  const drawing = drawIdempotencyStates();
  const words = wordsIn(drawing);
  expect(recordTransitions.map((_, index) => words.get(`transition ${index}`))).toEqual(
    recordTransitions.map(({ by, means }) => `${by} ${means}`),
  );
  const arrows = drawing.lines.map(({ from, to }) => `${from} to ${to}`).filter((arrow) => !arrow.includes('legend'));
  expect(arrows.sort()).toEqual(recordTransitions.map(({ from, to }) => `${from} to ${to}`).sort());
});

test('a new row of a table is in its picture, also where there is no place for it yet', () => {
  const step: FlowStep = { ...orderFlow.complete, title: 'One step more' };
  const flow = drawOrderFlowWithIdempotency({ ...orderFlow, more: step });
  expect(wordsIn(flow).get('more: text')).toContain('One step more');
  const transition: RecordTransition = { from: 'FAILED', to: 'PENDING', by: 'begin', means: 'a second chance' };
  const states = wordsIn(drawIdempotencyStates([...recordTransitions, transition]));
  expect([...states.values()]).toContain('Also: FAILED becomes PENDING by begin: a second chance');
});

test('the tables that the overview names are there', () => {
  const folder = new URL('src/database/migrations/', root);
  const migrations = readdirSync(folder).filter((name) => name.endsWith('.sql'));
  const sql = migrations.map((name) => readFileSync(new URL(name, folder), 'utf8')).join('\n');
  const tables = Array.from(sql.matchAll(/^create table (\w+)/gm), ([, name]) => name);
  const named = postgresql.kept.flatMap(([names]) => names.split(', '));
  expect(named.filter((name) => name !== JOB_SCHEMA && !tables.includes(name))).toEqual([]);
  expect(named).toContain(JOB_SCHEMA);
});
