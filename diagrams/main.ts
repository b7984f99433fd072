import { mkdir, writeFile } from 'node:fs/promises';
import { toDot } from './drawing.ts';
import { pictures } from './pictures.ts';
import { toPng, toSvg } from './render.ts';
import { stamped } from './stamp.ts';

const folder = new URL('../docs/diagrams/', import.meta.url);

await mkdir(folder, { recursive: true });
for (const [file, draw] of Object.entries(pictures)) {
  const svg = toSvg(toDot(draw()));
  await writeFile(new URL(file, folder), stamped(toPng(svg), svg));
  console.log(`docs/diagrams/${file}`);
}
