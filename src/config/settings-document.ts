import type { Config } from './config.ts';
import { readableQuantity } from './readable-quantity.ts';
import { type Setting, settings } from './settings.ts';

const begin = '<!-- begin of the generated table: `npm run config -- --write-docs` writes it -->';
const end = '<!-- end of the generated table -->';

const titles: Readonly<Record<keyof Config, string>> = {
  grpc: 'Taking calls',
  database: 'PostgreSQL',
  redis: 'Redis',
  idempotency: 'Idempotency',
  orders: 'Orders',
  fulfilment: 'Processing',
  events: 'Events',
  cleanUp: 'Clean-up',
  log: 'Logs',
  metrics: 'Metrics',
  tracing: 'Traces',
  collector: 'The collector of OpenTelemetry',
};

/**
 * The text of docs/configuration.md with its table of settings as it should be; equal to what was given if it already
 * was. Throws if the markers round the table are missing.
 */
export function withSettingsTable(document: string): string {
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) {
    throw new Error(`The place for the table of settings is not marked. Put these two lines there:\n${begin}\n${end}`);
  }
  return `${document.slice(0, from)}${begin}\n\n${settingsInMarkdown()}\n\n${document.slice(to)}`;
}

function settingsInMarkdown(): string {
  return Object.entries(titles)
    .map(([room, title]) => [`### ${title}`, '', ...tableOf(settings.filter((row) => row.room === room))].join('\n'))
    .join('\n\n');
}

function tableOf(rows: readonly Setting[]): string[] {
  return [
    '| Variable | Default | Allowed | Meaning | Why this default |',
    '| --- | --- | --- | --- | --- |',
    ...rows.map((row) => {
      const cells = [`\`${row.variable}\``, defaultOf(row), allowedBy(row), row.meaning, row.reason];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    }),
  ];
}

function defaultOf(row: Setting): string {
  if (row.default === undefined) return 'none';
  const readable = readableQuantity(row.default, row.unit);
  return [`\`${row.default}\``, row.unit, readable === undefined ? '' : `(${readable})`].filter(Boolean).join(' ');
}

function allowedBy(row: Setting): string {
  return row.secrecy === 'open' ? row.expected : `${row.expected}; secret`;
}
