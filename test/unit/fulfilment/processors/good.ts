import type { Processor } from '../../../../src/fulfilment/processor.ts';

export default {
  steps: [
    { name: 'first', run: async () => ({ kind: 'done' }), undo: async () => {} },
    { name: `a${'-'.repeat(62)}`, run: async () => ({ kind: 'done' }) },
  ],
} satisfies Processor;
