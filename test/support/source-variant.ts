import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One place of the source that is different in a variant. */
export interface SourceChange {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a variant needs in order to run the service and its tests. */
const COPIED = ['src', 'test', 'proto', 'package.json', 'jest.config.js', 'tsconfig.json'];

/**
 * Makes a copy of the source that differs in some places. What is published has no switch for any of this.
 * @param folder where the copy goes; made by this
 * @returns the root of the copy
 * @throws Error if a place is not there, or there twice
 */
export async function buildVariant(folder: string, changes: readonly SourceChange[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const name of COPIED) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const change of changes) {
    const path = join(folder, change.file);
    await writeFile(path, changed(await readFile(path, 'utf8'), change));
  }
  return folder;
}

/** A text with one change in it. @throws Error if the place is not there, or there twice */
export function changed(text: string, { file, find, replace }: SourceChange): string {
  const pieces = text.split(find);
  if (pieces.length !== 2) {
    throw new Error(`${file} has ${pieces.length - 1} times, not once: ${find}`);
  }
  return pieces.join(replace);
}
