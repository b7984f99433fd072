import { OrderEventConsumer } from '../../../src/client/index.ts';
import { numberIn } from './streamed-event.ts';

// A consumer in a process of its own. It tells its parent of the event that it was given, and never ends with it.
const [, , url = ''] = process.argv;
const consumer = new OrderEventConsumer({
  url,
  group: 'group',
  consumer: 'a',
  attemptsMax: 2,
  handle: async (event) => {
    process.send?.(numberIn(event));
    await new Promise(() => {});
  },
});
consumer.start();
