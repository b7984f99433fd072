import type { Processor } from '../../../../src/fulfilment/processor.ts';

/** PostgreSQL keeps no NUL, and half of a surrogate pair is no character at all. */
const TEXT = 'a\0b\ud800c\udc00d';

/** Whatever it says, it says in a text that can be neither kept nor sent. */
export default {
  steps: [
    {
      name: 'speak',
      run: async ({ order }) => {
        if (order.customerId === 'thrower') throw new Error(TEXT);
        return { kind: 'refused', reason: TEXT };
      },
    },
  ],
} satisfies Processor;
