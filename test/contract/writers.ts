/** What every list of writers must do. writers.test.ts runs this on each implementation. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Writers } from '../../src/queue/writers.ts';

const consumer = { run: 'r1', role: 'consumer', ordinal: 1, pid: 4711, started: '123', boot: 'b' } as const;
const producer = { ...consumer, role: 'producer', ordinal: 0, started: null, boot: null } as const;

export function describeWriters(open: () => { writers: Writers; close: () => void }): void {
  describe('writers', () => {
    let writers: Writers;
    let close: () => void;

    beforeEach(() => {
      ({ writers, close } = open());
    });
    afterEach(() => close());

    it('have ids that rise, even if the previous writer is forgotten', () => {
      const first = writers.register({ ...consumer, run: 'r0' });
      writers.ended(first, { isClean: true });
      writers.forgetOthers('r1');
      expect([first, writers.register(consumer), writers.register(producer)]).toEqual([1, 2, 3]);
    });

    it('are listed, with what identifies their processes, until their end is recorded', () => {
      writers.register(consumer);
      writers.register(producer);
      writers.ended(writers.register(consumer), { isClean: false });
      expect(writers.notEnded()).toEqual([
        { writer: 1, ...consumer },
        { writer: 2, ...producer },
      ]);
      writers.ended(1, { isClean: false });
      expect(writers.notEnded().map(({ writer }) => writer)).toEqual([2]);
    });

    it('are barred by the sink if they are consumers of this run that did not end cleanly, and only once', () => {
      const [clean, crashed, alive, other, reader] = [
        writers.register(consumer),
        writers.register(consumer),
        writers.register(consumer),
        writers.register({ ...consumer, run: 'r0' }),
        writers.register(producer),
      ];
      writers.ended(clean, { isClean: true });
      for (const writer of [crashed, other, reader]) writers.ended(writer, { isClean: false });
      expect(writers.notFenced('r1')).toEqual([crashed]);
      writers.ended(alive, { isClean: false });
      expect(writers.notFenced('r1')).toEqual([crashed, alive]);
      writers.fenced([crashed, alive]);
      expect(writers.notFenced('r1')).toEqual([]);
    });

    it('of other runs are forgotten once they have ended', () => {
      writers.ended(writers.register({ ...consumer, run: 'r0' }), { isClean: false });
      writers.register({ ...consumer, run: 'r0' });
      writers.forgetOthers('r1');
      expect(writers.notFenced('r0')).toEqual([]);
      expect(writers.notEnded().map(({ writer }) => writer)).toEqual([2]);
    });
  });
}
