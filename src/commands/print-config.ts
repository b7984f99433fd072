import { readFileSync, writeFileSync } from 'node:fs';
import type { Environment } from '../config/environment.ts';
import { withSettingsTable } from '../config/settings-document.ts';
import { showConfig } from '../config/show-config.ts';

const DOCUMENT = new URL('../../docs/configuration.md', import.meta.url);

/** Where standard output is no terminal, tables may be this wide. */
const WIDTH_COLUMNS_DEFAULT = 160;

/** Prints the settings, or writes them into the documentation. */
export function printConfig(
  env: Environment,
  { json, writeDocs }: { readonly json?: boolean; readonly writeDocs?: boolean },
): void {
  if (writeDocs) {
    writeFileSync(DOCUMENT, withSettingsTable(readFileSync(DOCUMENT, 'utf8')));
    return;
  }
  const widthColumns = process.stdout.columns ?? WIDTH_COLUMNS_DEFAULT;
  const { output, complaints, exitCode } = showConfig(env, { format: json ? 'json' : 'text', widthColumns });
  process.stdout.write(`${output}\n`);
  if (complaints !== '') {
    process.stderr.write(`${complaints}\n`);
  }
  process.exitCode = exitCode;
}
