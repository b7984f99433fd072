import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, test } from '@jest/globals';
import { ensureRedisBinary } from '../../../src/embedded/install-redis.ts';
import { createTestFolder } from '../../support/run-folder.ts';

/** A stage on which apt-get is a script: what it does to a real Debian is not for a test on somebody's machine. */
let stage: string;
let bin: string;
const messages: string[] = [];

beforeEach(async () => {
  stage = await createTestFolder('redis-availability');
  bin = join(stage, 'bin');
  await mkdir(bin);
  messages.length = 0;
});

async function writeScript(path: string, body: string): Promise<void> {
  await writeFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}

function ensure({ isRoot }: { isRoot: boolean }) {
  const system = {
    aptGet: join(stage, 'apt-get'),
    updateRcD: join(stage, 'update-rc.d'),
    servicePolicy: join(stage, 'policy-rc.d'),
  };
  return ensureRedisBinary({ searchPath: bin, isRoot, system, log: (message) => messages.push(message) });
}

/** Notes what it is called with and, for an installation, whether services may start meanwhile. */
async function writeAptGet(installation: string): Promise<void> {
  const note = `echo "apt-get $*" >> ${stage}/calls`;
  const whenInstalling = `${stage}/policy-rc.d; echo "policy: $?" >> ${stage}/calls; ${installation}`;
  await writeScript(join(stage, 'apt-get'), `${note}\ncase "$*" in *install*) ${whenInstalling};; esac`);
  await writeScript(join(stage, 'update-rc.d'), `echo "update-rc.d $*" >> ${stage}/calls`);
}

const installRedis = () =>
  `printf '#!/bin/sh\\necho "Redis server v=7.0.15 sha=0"\\n' > ${bin}/redis-server; chmod 755 ${bin}/redis-server`;

test('redis-server on the PATH is found, and valkey-server where there is no other', async () => {
  await writeScript(join(bin, 'valkey-server'), 'echo "Valkey server v=8.1.1 sha=0"');
  const valkey = { path: join(bin, 'valkey-server'), version: '8.1.1' };
  expect(await ensure({ isRoot: false })).toEqual({ kind: 'found', binary: valkey });
  await writeScript(join(bin, 'redis-server'), 'echo "Redis server v=7.0.15 sha=0"');
  const redis = { path: join(bin, 'redis-server'), version: '7.0.15' };
  expect(await ensure({ isRoot: false })).toEqual({ kind: 'found', binary: redis });
});

test('without Redis and without root the advice names every way to get it', async () => {
  await writeAptGet(installRedis());
  const availability = await ensure({ isRoot: false });
  const advice = expect.stringMatching(
    /Neither redis-server nor valkey-server is on the PATH.*Debian.*Fedora.*macOS.*without root.*from source.*REDIS_URL/s,
  );
  expect(availability).toEqual({ kind: 'missing', advice });
  expect(messages).toEqual([]);
});

test('a Redis that is too old is named in the advice, and none is installed over it', async () => {
  await writeAptGet(installRedis());
  await writeScript(join(bin, 'redis-server'), 'echo "Redis server v=6.0.16 sha=0"');
  const advice = expect.stringContaining(`${bin}/redis-server cannot be used: it is version 6.0.16, and at least 6.2`);
  expect(await ensure({ isRoot: true })).toEqual({ kind: 'missing', advice });
  expect(messages).toEqual([]);
});

test('as root with apt-get it is installed, announced, and its service neither started nor enabled', async () => {
  await writeAptGet(installRedis());
  const binary = { path: join(bin, 'redis-server'), version: '7.0.15' };
  expect(await ensure({ isRoot: true })).toEqual({ kind: 'installed', binary });
  expect(messages).toEqual([expect.stringContaining('installing it (apt-get update && apt-get install')]);
  expect((await readFile(join(stage, 'calls'), 'utf8')).trim().split('\n')).toEqual([
    'apt-get update',
    'apt-get -o DPkg::Lock::Timeout=60 install -y --no-install-recommends redis-server',
    'policy: 101',
    'update-rc.d redis-server disable',
  ]);
  await expect(readFile(join(stage, 'policy-rc.d'))).rejects.toThrow('ENOENT');
});

test('a service policy that the machine has already stays as it is', async () => {
  await writeAptGet(installRedis());
  await writeScript(join(stage, 'policy-rc.d'), 'exit 104');
  const before = await readFile(join(stage, 'policy-rc.d'), 'utf8');
  await ensure({ isRoot: true });
  expect(await readFile(join(stage, 'policy-rc.d'), 'utf8')).toBe(before);
});

test('an installation that fails gives its reason and the advice', async () => {
  await writeAptGet('echo "E: Unable to locate package redis-server" >&2; exit 100');
  const advice = expect.stringMatching(/apt-get failed: .*Unable to locate package redis-server.*To get Redis/s);
  expect(await ensure({ isRoot: true })).toEqual({ kind: 'missing', advice });
});
