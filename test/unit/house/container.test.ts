import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { z } from 'zod';
import { parseConfig } from '../../../src/config/parse-config.ts';
import { settings } from '../../../src/config/settings.ts';

// What can be known of the containers without an engine to build them.

const root = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const dockerfile = read('Dockerfile');
const compose = read('docker-compose.yml');

const versions = z.object({ devDependencies: z.object({ node: z.string() }) }).parse(JSON.parse(read('package.json')));
const nodeMajor = Number.parseInt(versions.devDependencies.node, 10);

/** What the stages take from the checkout. */
const copiedSources = Array.from(dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm), ([, sources = '']) =>
  sources.split(' '),
).flat();

/** The rules of .dockerignore, the last of which that fits decides. */
const ignoreRules = read('.dockerignore')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line) => ({ pattern: patternOf(line.replace('!', '')), isIgnored: !line.startsWith('!') }));

/** Unlike in a shell, a star stands for a leading dot, too. */
function patternOf(glob: string): RegExp {
  return new RegExp(`^${glob.replaceAll(/[.+?^$()|[\]{}\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
}

/** A rule for a folder holds for all that is in it. */
function isIgnored(path: string): boolean {
  const parts = path.split('/');
  const selfAndParents = parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  return ignoreRules.findLast(({ pattern }) => selfAndParents.some((name) => pattern.test(name)))?.isIgnored ?? false;
}

function filesIn(path: string): readonly string[] {
  if (statSync(join(root, path)).isFile()) {
    return [path];
  }
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

test('all that the Dockerfile copies exists, and none of it is ignored but the generated code', () => {
  expect(copiedSources).toEqual(expect.arrayContaining(['package.json', 'proto', 'src']));
  const ignored = copiedSources.flatMap(filesIn).filter(isIgnored);
  expect(ignored.filter((path) => !path.startsWith('src/generated/'))).toEqual([]);
});

test('generated code comes from the first stage alone, and neither data nor modules of the checkout reach a build', () => {
  expect(dockerfile).toMatch(/^FROM (\S+) AS generate$.*^COPY --from=generate \/app\/src\/generated src\/generated$/ms);
  const strangers = ['src/generated/contract.binpb', '.data/postgres/PG_VERSION', 'node_modules/pg/package.json'];
  expect(strangers.filter((path) => !isIgnored(path))).toEqual([]);
});

test('the images run the Node that the tests run', () => {
  const images = Array.from(dockerfile.matchAll(/^FROM (\S+)/gm), ([, image]) => image);
  expect(images).toEqual([`node:${nodeMajor}-slim`, `node:${nodeMajor}-slim`]);
});

/** The `name: value` lines of a service's environment in the compose file. */
function composeEnvironment(service: string): Readonly<Record<string, string>> {
  const [, body = ''] = new RegExp(`^  ${service}:\\n((?: {4}.*\\n)+)`, 'm').exec(compose) ?? [];
  const [, lines = ''] = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(body) ?? [];
  return Object.fromEntries(
    Array.from(lines.matchAll(/^ {6}(\w+): (.+)$/gm), ([, name = '', value = '']) => [name, value]),
  );
}

/** What ENV lines set, but for NODE_ENV, which libraries read. */
function imageEnvironment(): Readonly<Record<string, string>> {
  const words = Array.from(dockerfile.matchAll(/^ENV (.+)$/gm), ([, line = '']) => line.split(' ')).flat();
  return Object.fromEntries(words.map((word) => word.split('=')).filter(([name]) => name !== 'NODE_ENV'));
}

test('the environment of the containers is a configuration that the service accepts', () => {
  const environment = { ...imageEnvironment(), ...composeEnvironment('orders') };
  expect(Object.keys(environment).sort()).toEqual(['DATABASE_URL', 'GRPC_LISTEN', 'REDIS_URL']);
  const names = new Set(settings.map(({ variable }) => variable));
  expect(Object.keys(environment).filter((name) => !names.has(name))).toEqual([]);
  expect(parseConfig(environment, { requires: ['database'] })).toMatchObject({ ok: true, warnings: [] });
});

test('the database of the compose file is the one that the service is told of', () => {
  const { DATABASE_URL = '', REDIS_URL = '' } = composeEnvironment('orders');
  const { username, password, hostname, pathname } = new URL(DATABASE_URL);
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = composeEnvironment('postgres');
  expect([username, password, pathname]).toEqual([POSTGRES_USER, POSTGRES_PASSWORD, `/${POSTGRES_DB}`]);
  const [, services = ''] = /^services:\n(.*?)^\w/ms.exec(compose) ?? [];
  const names = Array.from(services.matchAll(/^ {2}(\w+):$/gm), ([, name]) => name);
  expect(names).toEqual(expect.arrayContaining([hostname, new URL(REDIS_URL).hostname]));
});

test('the port that the image listens on is the one that is exposed and published', () => {
  const [, port] = /:(\d+)$/.exec(imageEnvironment()['GRPC_LISTEN'] ?? '') ?? [];
  expect(dockerfile).toMatch(new RegExp(`^EXPOSE ${port}$`, 'm'));
  expect(compose).toContain(`- 127.0.0.1:50051:${port}\n`);
});

test('a container gets more time to end than running calls do', () => {
  const drainLimit = settings.find(({ variable }) => variable === 'GRPC_DRAIN_LIMIT_MS');
  const [, seconds] = /^ {4}stop_grace_period: (\d+)s$/m.exec(compose) ?? [];
  expect(Number(seconds) * 1_000).toBeGreaterThan(Number(drainLimit?.default));
});
