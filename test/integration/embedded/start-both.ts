import { join } from 'node:path';
import { lockDataFolder } from '../../../src/embedded/data-folder.ts';
import { ensureRedisBinary } from '../../../src/embedded/install-redis.ts';
import { startEmbeddedPostgres } from '../../../src/embedded/postgres.ts';
import { startLocalRedis } from '../../../src/embedded/redis.ts';
import { query } from './query.ts';

/** A program to be killed: starts both servers as `npm start` does, and tells about them in one line of JSON. */
const { PATH: searchPath = '' } = process.env;
const [, , folder = ''] = process.argv;
const messages: string[] = [];
const log = (message: string) => messages.push(message);
const tell = (story: unknown) => process.stdout.write(`${JSON.stringify(story)}\n`);

const dataFolder = await lockDataFolder(folder);
const redisBinary = await ensureRedisBinary({ searchPath, isRoot: false, log });
if (redisBinary.kind === 'missing') throw new Error(redisBinary.advice);
const postgres = await startEmbeddedPostgres({ folder: join(folder, 'postgres'), settings: { fsync: 'off' }, log });
const redis = await startLocalRedis({ folder: join(folder, 'redis'), binary: redisBinary.binary, log });
// A timer keeps it running: the servers alone do not.
const running = setInterval(() => {}, 60_000);
process.once('SIGINT', async () => {
  clearInterval(running);
  // A server that got the signal, too, would refuse.
  tell({ answer: await query(postgres.url, 'SELECT 1 AS one') });
  await redis.stop();
  await postgres.stop();
  await dataFolder.release();
});
// Last: whoever reads this may send the signal at once.
tell({ postgres, redis, messages });
