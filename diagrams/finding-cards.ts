import { type FindingName, findings } from './check-findings.ts';
import type { Line, Part, Shape } from './drawing.ts';
import { storeName, storesBeside } from './flow-outside.ts';
import { acrossGap, columns, frameOf, type PlacedStep, ROW_PITCH } from './flow-steps.ts';
import { bottomOf, type Frame, middleXOf, middleYOf } from './frame.ts';
import { caption, noteCard } from './page-parts.ts';
import { bend, upright } from './route.ts';
import { type Hue, hues } from './theme.ts';

/** Those after which a call does not go on, in the order in which they stand below each other. */
const endings = [
  { name: 'mismatch', hue: hues.refused },
  { name: 'expired', hue: hues.refused },
  { name: 'inProgress', hue: hues.idempotency },
  { name: 'settled', hue: hues.idempotency },
] as const satisfies readonly { readonly name: FindingName; readonly hue: Hue }[];

/** What the check can find, beside it; the way on, and the way round Redis. */
export function findingsBeside(steps: readonly PlacedStep[]): Part {
  const check = frameOf(steps, 'check');
  const placed = endings.map(({ name, hue }, index) => {
    const frame = { ...check, ...columns.left, y: check.y + index * ROW_PITCH };
    return { name, hue, frame };
  });
  const round = wayRoundRedis(steps);
  return {
    shapes: [
      caption('findings', { ...columns.left, y: check.y - 28, height: 20 }, ['What the check can find'], true),
      wayOn(check),
      ...placed.map(({ name, hue, frame }) => findingCard(name, hue, frame)),
      ...round.shapes,
    ],
    lines: [
      ...placed.map(({ name, frame }) => {
        const along = acrossGap(middleYOf(frame), middleYOf(check)).toReversed();
        return { from: 'check', to: name, along, colour: hues.idempotency.ink };
      }),
      ...waysToAnswer(placed, frameOf(steps, 'answer')),
      ...round.lines,
    ],
  };
}

function findingCard(name: FindingName, hue: Hue, frame: Frame): Shape {
  const { found, meaning } = findings[name];
  return noteCard({ name, frame, hue, title: found, texts: meaning });
}

function wayOn(check: Frame): Shape {
  const { found, meaning } = findings.acquired;
  const frame = { x: middleXOf(check) + 10, y: bottomOf(check) + 3, width: 150, height: 20 };
  return caption('acquired', frame, [`${found}: ${meaning.join(' ')}`]);
}

/** Whoever waits gets the answer of the first one, which is the stored one. */
function waysToAnswer(placed: readonly { name: FindingName; frame: Frame }[], answer: Frame): readonly Line[] {
  const colour = hues.idempotency.ink;
  const x = columns.left.x + columns.left.width / 2;
  return placed.flatMap(({ name, frame }, index): readonly Line[] => {
    const next = placed[index + 1];
    if (name === 'inProgress' && next !== undefined) {
      return [{ from: name, to: next.name, along: upright(x, bottomOf(frame), next.frame.y), colour }];
    }
    const along = bend([answer.x, middleYOf(answer)], [x, bottomOf(frame)]).toReversed();
    return name === 'settled' ? [{ from: name, to: 'answer', along, colour }] : [];
  });
}

/** From the store that the check asks to the next one, which is asked where the first is no help. */
function wayRoundRedis(steps: readonly PlacedStep[]): Part {
  const stores = storesBeside(steps);
  const redis = stores.findIndex(({ askedBy }) => askedBy.some(({ name }) => name === 'check'));
  const [from, to] = stores.slice(redis);
  if (redis < 0 || from === undefined || to === undefined) {
    throw new Error('The check asks no store before another one: the picture cannot show the way round Redis.');
  }
  const top = bottomOf(from.frame);
  const x = columns.right.x + 26;
  const { unavailable, askLedger } = findings;
  const texts = [`${unavailable.found},`, `or ${askLedger.found}:`, ...askLedger.meaning];
  const frame = { x: x + 8, y: (top + to.frame.y) / 2 - 26, width: columns.right.width - 34, height: 52 };
  const along = upright(x, top, to.frame.y + 5);
  return {
    shapes: [caption('way round Redis', frame, texts)],
    lines: [{ from: storeName(from), to: storeName(to), along, colour: hues.redis.ink, isDashed: true }],
  };
}
