import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { isSetByPlatform } from '../../../src/config/platform-variables.ts';
import { settings } from '../../../src/config/settings.ts';
import { isReason } from '../../../src/transport/status-table.ts';
import { anchorsIn, documentPaths, readDocument, relativeLinks, root } from './documents.ts';

const scripts = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(readDocument('package.json')));
const variables = new Set(settings.map(({ variable }) => variable));
const paths = documentPaths();

test('the documents are found, and have links, scripts and settings to check', () => {
  const text = paths.map(readDocument).join('\n');
  expect(paths).toContain('docs/protocol.md');
  expect(relativeLinks(text)).toContain('docs/protocol.md');
  expect(scriptsIn(text)).toContain('check');
  expect(settingsIn(text)).toContain('GRPC_LISTEN');
});

test.each(paths)('every link in %s leads somewhere', (path) => {
  expect(relativeLinks(readDocument(path)).filter((target) => !leadsSomewhere(path, target))).toEqual([]);
});

test.each(paths)('every npm script that %s names exists', (path) => {
  expect(scriptsIn(readDocument(path)).filter((name) => !Object.hasOwn(scripts.scripts, name))).toEqual([]);
});

test.each(paths)('every setting that %s names exists', (path) => {
  expect(settingsIn(readDocument(path)).filter((name) => !variables.has(name))).toEqual([]);
});

function leadsSomewhere(from: string, target: string): boolean {
  const [file = '', anchor] = target.split('#');
  const path = file === '' ? from : join(dirname(from), file);
  if (!existsSync(join(root, path))) {
    return false;
  }
  return (
    anchor === undefined || (statSync(join(root, path)).isFile() && anchorsIn(readDocument(path)).includes(anchor))
  );
}

function scriptsIn(text: string): readonly string[] {
  const named = text.matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g);
  return Array.from(named, ([, run, short]) => run ?? short ?? '');
}

/** Names with the prefix of one of our settings. Reasons of errors and variables of platforms look the same. */
function settingsIn(text: string): readonly string[] {
  const prefixes = new Set([...variables].map((name) => name.split('_')[0]));
  // docs/configuration.md shows how a name that is no setting is reported.
  const names = text.matchAll(/\b[A-Z]+(?:_[A-Z0-9]+)+\b(?! is not a setting)/g);
  return Array.from(names, ([name]) => name).filter(
    (name) => prefixes.has(name.split('_')[0]) && !isReason(name) && !isSetByPlatform(name),
  );
}
