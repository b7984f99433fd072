/** One value of a metric. */
export interface Sample {
  readonly labels: ReadonlyMap<string, string>;
  /** May be NaN: it is not known. */
  readonly value: number;
}

/** What an endpoint has told: by the name of a metric its samples, by what identifies a series among them. */
export type Exposition = ReadonlyMap<string, ReadonlyMap<string, Sample>>;

export type Parsed =
  | { readonly ok: true; readonly exposition: Exposition }
  | { readonly ok: false; readonly lineNumber: number; readonly line: string };

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*(?:\{(.*)\})?[ \t]*[ \t](\S+)(?:[ \t]+-?[0-9]+)?[ \t]*$/;
const LABEL = /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*(?:,|$)/y;

/**
 * Reads Prometheus' text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/. Comments, types and
 * timestamps are passed over. One line that is none of the format, and all of it is refused: it is something else, or cut off.
 */
export function parseExposition(text: string): Parsed {
  const exposition = new Map<string, Map<string, Sample>>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (line.trim() === '' || line.startsWith('#')) {
      continue;
    }
    const [, name = '', labelsText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
    const labels = labelsIn(labelsText);
    const value = numberOf(valueText);
    if (name === '' || labels === undefined || value === undefined) {
      return { ok: false, lineNumber: index + 1, line };
    }
    const series = exposition.get(name) ?? new Map<string, Sample>();
    exposition.set(name, series.set(identityOf(labels), { labels, value }));
  }
  return { ok: true, exposition };
}

function labelsIn(text: string): ReadonlyMap<string, string> | undefined {
  const labels = new Map<string, string>();
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.trimEnd().length) {
    const [, name, value = ''] = LABEL.exec(text) ?? [];
    if (name === undefined) {
      return undefined;
    }
    labels.set(
      name,
      value.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped)),
    );
  }
  return labels;
}

function numberOf(text: string): number | undefined {
  const [, sign, word] = /^([+-]?)(inf|nan)$/i.exec(text) ?? [];
  if (word !== undefined) {
    return word.toLowerCase() === 'nan' ? Number.NaN : Number(`${sign}Infinity`);
  }
  const value = Number(text);
  return text === '' || Number.isNaN(value) ? undefined : value;
}

function identityOf(labels: ReadonlyMap<string, string>): string {
  return JSON.stringify([...labels].sort(([one], [other]) => (one < other ? -1 : 1)));
}
