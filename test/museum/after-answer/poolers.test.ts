import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import { nodeEnvironment } from '../../support/node-environment.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { storiesAtOnce } from '../../support/stories-at-once.ts';
import { testEnvironment } from '../../support/test-config.ts';

// A8: graphile/worker#119. Behind a pooler that lends a session for a transaction, locks and notifications were those of somebody else.

/** What a pooler does with the first message of a connection: gives it back changed, or an answer to it. */
type Behaviour = (startUp: Buffer) => { readonly forwarded: Buffer } | { readonly answer: Buffer };

/** PgBouncer, as it is: a setting that it does not know is refused. */
const refuses: Behaviour = () => {
  const fields = ['SFATAL', 'VFATAL', 'C08P01', 'Munsupported startup parameter: statement_timeout', ''];
  return { answer: message('E', Buffer.from(fields.map((field) => `${field}\0`).join(''))) };
};

/** PgBouncer with `ignore_startup_parameters`: whoever asked for a setting does not have it. */
const drops: Behaviour = (startUp) => {
  const words = startUp.subarray(8).toString('utf8').split('\0');
  const pairs = words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1]] as const] : []));
  const kept = pairs.filter(([name]) => ['user', 'database', 'client_encoding', 'application_name'].includes(name));
  const body = Buffer.from(`${kept.map(([name, value]) => `${name}\0${value}\0`).join('')}\0`);
  return { forwarded: message('', Buffer.concat([startUp.subarray(4, 8), body])) };
};

function message(kind: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(kind), length, body]);
}

async function startPooler(serverPort: number, behaviour: Behaviour) {
  const sockets = new Set<Socket>();
  const pooler = createServer((client) => {
    const server = createConnection({ port: serverPort, host: '127.0.0.1' });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.once('data', (startUp: Buffer) => {
      const done = behaviour(startUp);
      if ('answer' in done) {
        client.end(done.answer);
        return;
      }
      server.write(done.forwarded);
      client.pipe(server).pipe(client);
    });
  }).listen(0, '127.0.0.1');
  await once(pooler, 'listening');
  const address = pooler.address();
  if (address === null || typeof address === 'string') throw new Error('the pooler has no port');
  return {
    port: address.port,
    [Symbol.asyncDispose]: async () => {
      pooler.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Runs a command as an operator does. @returns its exit code and what it said */
async function run(command: string, databaseUrl: string): Promise<{ readonly code: unknown; readonly said: string }> {
  const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
  const env = { ...nodeEnvironment(), ...testEnvironment({ databaseUrl }) };
  return await new Promise((resolve) => {
    execFile(process.execPath, [main, command], { env, timeout: 50_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, said: stdout + stderr }),
    );
  });
}

const poolers = {
  'that refuses their settings': [refuses, 'it refuses the settings'],
  'that drops their settings': [drops, 'it drops the settings'],
} as const;

storiesAtOnce(
  Object.fromEntries(
    Object.entries(poolers).map(([what, [behaviour, symptom]]) => [
      `A8 sessions that are lent out are refused at the start: service and worker end at a pooler ${what}, and say what to do`,
      async () => {
        const database = await createTestDatabase({ isEmpty: true });
        const url = new URL(database.url);
        await using pooler = await startPooler(Number(url.port), behaviour);
        url.port = String(pooler.port);
        for (const command of ['serve', 'worker']) {
          const { code, said } = await run(command, url.href);
          expect([command, code]).toEqual([command, 1]);
          expect(said).toContain('DATABASE_URL leads to a pooler');
          expect(said).toContain(symptom);
          expect(said).toContain('Let DATABASE_URL name the server behind the pooler');
        }
        await database.drop();
      },
    ]),
  ),
  120_000,
);
