import { createRequire } from 'node:module';
import { Graphviz } from '@hpcc-js/wasm-graphviz';
import { Resvg } from '@resvg/resvg-js';
import { PIXELS_A_UNIT, paper } from './theme.ts';

// Graphviz has no fonts here, but knows how wide the letters of Arial are. Those of Arimo are just as wide.
export const FONT = 'Arimo';
const require = createRequire(import.meta.url);
const fontFiles = ['400Regular/Arimo_400Regular.ttf', '700Bold/Arimo_700Bold.ttf'].map((name) =>
  require.resolve(`@expo-google-fonts/arimo/${name}`),
);

const graphviz = await Graphviz.load();

/**
 * Has Graphviz draw what has its place already.
 * @param form `json` has the place of each text, for those who check them
 */
export function layOut(dot: string, form: 'svg' | 'json'): string {
  return graphviz.layout(dot, form, 'neato', { nop: 2 });
}

/** The same DOT gives the same SVG on every machine: Graphviz runs as WebAssembly. */
export function toSvg(dot: string): string {
  return layOut(dot, 'svg')
    .replaceAll('font-family="Arial"', `font-family="${FONT}"`)
    .replace(/width="(\d+)pt" height="(\d+)pt"/, 'width="$1" height="$2"');
}

/** Unlike the SVG, its pixels can differ by a shade from one machine to another: resvg is compiled for each. */
export function toPng(svg: string): Buffer {
  return load(svg).render().asPng();
}

/** The SVG with its letters as outlines: what is in no font file is an empty box. */
export function toOutlines(svg: string): string {
  return load(svg).toString();
}

function load(svg: string): Resvg {
  return new Resvg(svg, {
    background: paper,
    fitTo: { mode: 'zoom', value: PIXELS_A_UNIT },
    font: { loadSystemFonts: false, fontFiles, defaultFontFamily: FONT },
  });
}
