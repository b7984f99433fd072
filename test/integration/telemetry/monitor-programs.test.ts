import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { findMonitorPrograms } from '../../support/monitor-programs.ts';
import { createTestFolder } from '../../support/run-folder.ts';

/** A stage on which apt-get is a script. */
let stage: string;
let bin: string;
const messages: string[] = [];

beforeEach(async () => {
  stage = await createTestFolder('monitor-programs');
  bin = join(stage, 'bin');
  await mkdir(bin);
  messages.length = 0;
  const programs = 'prometheus promtool amtool prometheus-alertmanager';
  await writeScript(
    'apt-get',
    `echo "$*" >> ${stage}/calls; case "$*" in *install*) (cd ${bin} && touch ${programs} && chmod 755 *);; esac`,
  );
  await writeScript('update-rc.d', `echo "$*" >> ${stage}/calls`);
});

function writeScript(name: string, body: string): Promise<void> {
  return writeFile(join(stage, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

function find({ isRoot }: { readonly isRoot: boolean }) {
  const system = {
    aptGet: join(stage, 'apt-get'),
    updateRcD: join(stage, 'update-rc.d'),
    servicePolicy: join(stage, 'policy-rc.d'),
  };
  return findMonitorPrograms({ searchPath: bin, isRoot, system, log: (message) => messages.push(message) });
}

test('as root with apt-get both packages are installed at once, announced, and their services not enabled', async () => {
  expect(await find({ isRoot: true })).toEqual({
    prometheus: join(bin, 'prometheus'),
    promtool: join(bin, 'promtool'),
    amtool: join(bin, 'amtool'),
    alertmanager: join(bin, 'prometheus-alertmanager'),
  });
  expect(messages).toEqual([expect.stringContaining('prometheus is missing: installing it')]);
  expect((await readFile(join(stage, 'calls'), 'utf8')).trim().split('\n')).toEqual([
    'update',
    '-o DPkg::Lock::Timeout=60 install -y --no-install-recommends prometheus prometheus-alertmanager',
    'prometheus disable',
    'prometheus-alertmanager disable',
  ]);
});

test('where nothing may be installed, one error says what is missing and how to get it', async () => {
  for (const name of ['prometheus', 'promtool', 'alertmanager']) await writeFile(join(bin, name), '', { mode: 0o755 });
  const reason =
    /need amtool, which is not on the PATH.*Debian.*prometheus prometheus-alertmanager.*macOS.*without root/s;
  await expect(find({ isRoot: false })).rejects.toThrow(reason);
  await expect(readFile(join(stage, 'calls'))).rejects.toThrow('ENOENT');
});

test('an installation that fails says why', async () => {
  await writeScript('apt-get', 'echo "E: Unable to locate package prometheus" >&2; exit 100');
  await expect(find({ isRoot: true })).rejects.toThrow(
    /apt-get has not brought it: .*Unable to locate.*To get Prometheus/s,
  );
});
