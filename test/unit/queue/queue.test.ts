import { describe, it } from '@jest/globals';
import fc from 'fast-check';
import { MemoryStore } from '../../../src/queue/memory-store.ts';
import { steps, Walk } from './queue-walk.ts';

describe('the queue', () => {
  it('agrees with a plain model of it, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(steps(400), (all) => {
        const walk = new Walk(new MemoryStore());
        walk.run(all);
        walk.finish();
      }),
      { numRuns: 150 },
    );
  });
});
