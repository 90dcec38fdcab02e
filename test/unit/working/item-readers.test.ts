import { describe, expect, it } from '@jest/globals';
import { cutFrame, type Frame } from '../../../src/frame/frame.ts';
import { RecordFramer, type Records } from '../../../src/frame/records.ts';
import { defineSource, RecordError, type DecoderOf, type Meta, type RecordRun } from '../../../src/sources/port.ts';
import { ItemReaders } from '../../../src/working/item-readers.ts';
import { frameOf } from '../../support/frames.ts';
import { thrownBy } from '../../support/thrown.ts';

/** A consumer's readers, with a source whose records are words; it notes which records it decodes together. */
function reading({ kind = 'words', decoderOf }: { kind?: string; decoderOf?: DecoderOf } = {}) {
  const runs: string[][] = [];
  const metas: Meta[] = [];
  const failures: unknown[] = [];
  const decoder = (run: RecordRun): unknown[] => {
    const words = textsOf(run);
    runs.push(words);
    return words.map((word) => (word === 'bad' ? new RecordError('a bad word') : word));
  };
  const source = defineSource({
    kind,
    target: 'words',
    resumes: 'by count',
    settles: false,
    open: () => ({ read: () => [] }),
  });
  const noting: DecoderOf = (meta) => {
    metas.push(meta);
    return decoder;
  };
  const readers = new ItemReaders({
    source,
    decoderOf: decoderOf ?? noting,
    fail: (error) => void failures.push(error),
  });
  return { readers, runs, metas, failures };
}

function textsOf({ bytes, ends }: RecordRun): string[] {
  return Array.from(ends, (end, i) => bytes.toString('utf8', i === 0 ? 0 : ends[i - 1], end));
}

function framed(words: readonly string[], rest: Partial<Records> = {}): Frame {
  const framer = new RecordFramer();
  let end = 0;
  const ends = words.map((word) => (end += word.length));
  framer.add(
    { kind: 'words', meta: { version: 1 }, bytes: Buffer.from(words.join('')), ends, ...rest },
    0,
    words.length,
  );
  return framer.take();
}

describe('a consumer', () => {
  it('reads encoded items one by one', () => {
    const { readers, runs } = reading();
    const read = readers.reader(frameOf(['a', { b: 1 }]));
    expect([read(1, 1), read(0, 1)]).toEqual([{ b: 1 }, 'a']);
    expect(runs).toEqual([]);
  });

  it('decodes raw records in runs, up to the last one that counts as started', () => {
    const { readers, runs } = reading();
    const read = readers.reader(framed(['a', 'b', 'c', 'd', 'e']));
    expect([read(0, 1), read(1, 1), read(2, 4), read(3, 4), read(4, 4)]).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(runs).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
  });

  it('decodes an item that runs alone on its own', () => {
    const { readers, runs } = reading();
    expect(readers.reader(cutFrame(framed(['a', 'b', 'c']), 1, 1))(0, 0)).toBe('b');
    expect(runs).toEqual([['b']]);
  });

  it('keeps few decoded records in memory if they are long', () => {
    const { readers, runs } = reading();
    const words = Array.from({ length: 5 }, () => 'x'.repeat(60_000));
    const read = readers.reader(framed(words));
    for (let i = 0; i < 5; i++) read(i, 4);
    expect(runs.map((run) => run.length)).toEqual([2, 2, 1]);
  });

  it('asks once for the decoder of each meta', () => {
    const { readers, metas } = reading();
    const other = { version: 1, header: ['a'] };
    for (const meta of [{ version: 1 }, other, { version: 1 }, { ...other }])
      readers.reader(framed(['a'], { meta }))(0, 0);
    expect(metas).toEqual([{ version: 1 }, other]);
  });

  it('fails the one record that is malformed', () => {
    const { readers } = reading();
    const read = readers.reader(framed(['a', 'bad', 'c']));
    expect([read(0, 2), thrownBy(() => read(1, 2)), read(2, 2)]).toMatchObject([
      'a',
      { code: 'RECORD', message: 'a bad word' },
      'c',
    ]);
  });

  it('finds the record that makes a decoder fail by decoding each record alone', () => {
    const decoderOf: DecoderOf = () => (run) => {
      const texts = textsOf(run);
      if (texts.includes('b')) throw new Error('no b');
      return texts;
    };
    const read = reading({ decoderOf }).readers.reader(framed(['a', 'b', 'c']));
    expect([read(0, 2), thrownBy(() => read(1, 2)), read(2, 2)]).toMatchObject([
      'a',
      { code: 'RECORD', message: 'decoding failed: no b' },
      'c',
    ]);
  });

  it('does not mistake one item for another when a decoder loses some', () => {
    const decoderOf: DecoderOf = () => (run) => textsOf(run).filter((text) => text !== 'b');
    const read = reading({ decoderOf }).readers.reader(framed(['a', 'b', 'c']));
    expect([read(0, 2), thrownBy(() => read(1, 2)), read(2, 2)]).toMatchObject(['a', { code: 'RECORD' }, 'c']);
  });

  it('does not decode an oversized record', () => {
    const { readers, runs } = reading();
    const read = readers.reader(framed(['start'], { length: 5_000_000 }));
    expect(thrownBy(() => read(0, 0))).toMatchObject({
      code: 'RECORD',
      message: expect.stringContaining('5000000 bytes'),
    });
    expect(runs).toEqual([]);
  });

  it.each<[string, ItemReaders, unknown[]]>(
    (() => {
      const other = reading({ kind: 'letters' });
      const failures: unknown[] = [];
      return [
        ['a source of another kind', other.readers, other.failures],
        [
          'a generator',
          new ItemReaders({ source: () => [], decoderOf: undefined, fail: (error) => void failures.push(error) }),
          failures,
        ],
      ] as [string, ItemReaders, unknown[]][];
    })(),
  )('ends the service with 78 if its pipeline now has %s', (_, readers, failures) => {
    const read = readers.reader(framed(['a']));
    expect(thrownBy(() => read(0, 0))).toMatchObject({ code: 'RECORDS', exitCode: 78 });
    expect(failures).toMatchObject([
      { code: 'RECORDS', exitCode: 78, message: expect.stringContaining('a words source') },
    ]);
  });
});
