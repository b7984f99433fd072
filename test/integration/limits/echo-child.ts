import { SayResponse } from '../../generated/echo/v1/echo_service.ts';
import { startEchoService } from '../../support/echo-service.ts';

// The echo service in a process of its own. Say answers with a payload of as many bytes as the request's first number says, once the
// parent process has let it; other requests are echoed.
const { DATABASE_URL: databaseUrl = '', REDIS_URL: redisUrl, SETTINGS = '{}' } = process.env;
// A test run that was killed leaves nobody behind.
process.once('disconnect', () => process.exit());
const opened = Promise.withResolvers<void>();
process.on('message', (told) => {
  if (told === 'measure') measure();
  else opened.resolve();
});
const settings: Record<string, string> = {};
for (const [name, value] of Object.entries(JSON.parse(SETTINGS))) {
  settings[name] = String(value);
}
const echo = await startEchoService({
  databaseUrl,
  redisUrl,
  settings,
  insteadOfSay: ({ numbers: [bytes], text }) =>
    bytes === undefined
      ? undefined
      : (_call, callback) => {
          process.send?.('running');
          const response = SayResponse.fromPartial({ text, payload: Buffer.alloc(bytes, text) });
          void opened.promise.then(() => callback(null, response));
        },
});
process.send?.(echo.port);

/** Twice: what only finalizers held goes with the second. */
function measure(): void {
  globalThis.gc?.();
  setImmediate(() => {
    globalThis.gc?.();
    process.send?.({ heldMebibytes: process.memoryUsage().arrayBuffers / 1_048_576 });
  });
}
