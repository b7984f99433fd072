import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { listFolder } from './list-folder.ts';

const markerName = 'created-by-order-service';

/** Makes a folder beside the data folder to build a cluster in, marked as ours for a start that finds it left over. */
export async function makeWorkshop(folder: string): Promise<string> {
  await mkdir(dirname(folder), { recursive: true });
  const workshop = join(dirname(folder), `${prefixFor(folder)}${randomUUID()}`);
  await mkdir(workshop);
  await writeFile(join(workshop, markerName), 'An unfinished data folder; the next start removes it.\n');
  return workshop;
}

/** Removes what a start left that was killed while it made the data folder. What lacks our marker is somebody else's. */
export async function removeWorkshops(folder: string): Promise<void> {
  for (const name of await listFolder(dirname(folder))) {
    if (!name.startsWith(prefixFor(folder))) continue;
    const workshop = join(dirname(folder), name);
    const content = await listFolder(workshop);
    const isOurs = content.length === 0 || content.includes(markerName);
    // The initdb of the killed start may outlive it for a moment, and still write there.
    if (isOurs) await rm(workshop, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

function prefixFor(folder: string): string {
  return `${basename(folder)}.unfinished-`;
}
