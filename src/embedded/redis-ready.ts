import { connect } from 'node:net';
import { loopback } from './port.ts';

const answerTimeoutMs = 1_000;

/** Whether the server on the port has loaded its data and is the given process, not a stranger that was there first. */
export async function isRedisReady(port: number, processId: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: loopback, port, timeout: answerTimeoutMs });
    let answer = '';
    const finish = (isReady: boolean) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setEncoding('utf8');
    // Inline commands: no client is needed for two words.
    socket.on('connect', () => socket.write('INFO server\r\nPING\r\n'));
    socket.on('data', (chunk: string) => {
      answer += chunk;
      if (answer.endsWith('+PONG\r\n')) finish(answer.includes(`process_id:${processId}\r\n`));
      else if (/^-/m.test(answer)) finish(false);
    });
    for (const event of ['error', 'timeout', 'close']) socket.on(event, () => finish(false));
  });
}
