import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';

const root = fileURLToPath(new URL('../../../', import.meta.url));
let fresh: string;

beforeAll(() => {
  fresh = mkdtempSync(join(tmpdir(), 'generated-'));
  for (const name of ['package.json', 'buf.yaml', 'buf.gen.yaml', 'proto', 'test/proto']) {
    cpSync(join(root, name), join(fresh, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(fresh, 'node_modules'));
  execFileSync('npm', ['run', '--silent', 'generate'], { cwd: fresh });
});

afterAll(() => rmSync(fresh, { recursive: true, force: true }));

test.each(['src/generated', 'test/generated'])('%s is what `npm run generate` makes of the contract', (folder) => {
  expect(contentsOf(join(root, folder))).toEqual(contentsOf(join(fresh, folder)));
});

function contentsOf(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path.slice(folder.length), readFileSync(path, 'latin1')];
    }),
  );
}
