/** What Prometheus reads: values by series, a series being a name with its labels in the order of their names. */
export type Series = ReadonlyMap<string, number>;

/** Reads Prometheus' text format, as far as our exporter writes it. */
export function seriesIn(text: string): Series {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map(seriesOf));
}

/** @param labels all of them */
export function seriesName(name: string, labels: Readonly<Record<string, string>> = {}): string {
  const inOrder = Object.entries(labels).sort(([one], [other]) => one.localeCompare(other));
  return inOrder.length === 0 ? name : `${name}{${inOrder.map(([label, value]) => `${label}="${value}"`).join(',')}}`;
}

function seriesOf(line: string): [string, number] {
  const [, name = '', labels = '', value = ''] = /^([^\s{]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
  if (name === '') {
    throw new Error(`no series: ${line}`);
  }
  const pairs = [...labels.matchAll(/([^=,]+)="([^"]*)"/g)].map(([, label = '', text = '']) => [label, text] as const);
  return [seriesName(name, Object.fromEntries(pairs)), Number(value)];
}
