import { describe, expect, it } from '@jest/globals';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { cutFrame, frameFromPayload, frameToPayload, type Frame } from '../../../src/frame/frame.ts';
import {
  frameOfItem,
  holdsRecords,
  RecordCutter,
  RecordFramer,
  recordOf,
  type Records,
} from '../../../src/frame/records.ts';
import { frameOf } from '../../support/frames.ts';

const semicolons = { version: 1, delimiter: ';' };
const commas = { version: 1, delimiter: ',' };

function records(lines: readonly string[], rest: Partial<Records> = {}): Records {
  let end = 0;
  const ends = lines.map((line) => (end += Buffer.byteLength(line)));
  return { kind: 'csv', bytes: Buffer.from(lines.join('')), ends, meta: commas, ...rest };
}

function framed(...chunks: Records[]): Frame {
  const framer = new RecordFramer();
  for (const chunk of chunks) framer.add(chunk, 0, chunk.ends.length);
  return framer.take();
}

const at = (file: string, byte: number, line: number) => ({ file, byte, line });

describe('a frame of raw records', () => {
  it('holds the bytes of the records unchanged', () => {
    const frame = framed(records(['a,1\n', 'b,2\n']), records(['c;3\r\n'], { meta: semicolons }));
    expect(frame.body.toString()).toBe('a,1\nb,2\nc;3\r\n');
    expect([holdsRecords(frame), holdsRecords(frameOf(['an item']))]).toEqual([true, false]);
  });

  it('does not copy bytes that follow each other in memory', () => {
    const chunk = records(['a,1\n', 'b,2\n', 'c,3\n']);
    const framer = new RecordFramer();
    framer.add(chunk, 0, 1);
    framer.add(chunk, 1, 3);
    const { body } = framer.take();
    expect(body.buffer).toBe(chunk.bytes.buffer);
    expect(body.toString()).toBe('a,1\nb,2\nc,3\n');
  });

  it('knows the meta, file, byte and line of each record', () => {
    const frame = framed(
      records(['a\n', '"b\nb"\n', 'c\n'], { at: at('one.csv', 100, 7) }),
      // Continues where the previous chunk ended.
      records(['d\n'], { at: at('one.csv', 110, 11) }),
      records(['e;\n', 'f;\n'], { meta: semicolons, at: at('two.csv', 0, 1) }),
    );
    expect([0, 1, 2, 3, 4, 5].map((i) => recordOf(frame, i).at)).toEqual([
      at('one.csv', 100, 7),
      at('one.csv', 102, 8),
      at('one.csv', 108, 10),
      at('one.csv', 110, 11),
      at('two.csv', 0, 1),
      at('two.csv', 3, 2),
    ]);
    expect(recordOf(frame, 5)).toMatchObject({ kind: 'csv', meta: semicolons, bytes: Buffer.from('f;\n') });
  });

  it('describes chunks that follow each other in a file only once', () => {
    const frame = framed(records(['a\n'], { at: at('one.csv', 0, 1) }), records(['b\n'], { at: at('one.csv', 2, 2) }));
    expect(JSON.parse(frame.shapes.toString())).toEqual({
      kind: 'csv',
      metas: [commas],
      parts: [{ from: 0, meta: 0, at: at('one.csv', 0, 1) }],
    });
  });

  it('accepts no metas that would make every piece too large, and no records of another kind', () => {
    const framer = new RecordFramer();
    framer.add(records(['a\n']), 0, 1);
    expect(framer.accepts(records(['b\n'], { kind: 'ndjson' }))).toBe(false);
    expect(framer.accepts(records(['b\n'], { meta: { version: 1, header: 'x'.repeat(9000) } }))).toBe(false);
    expect(framer.accepts(records(['b\n'], { meta: semicolons }))).toBe(true);
    framer.take();
    expect(framer.accepts(records(['b\n'], { meta: { version: 1, header: 'x'.repeat(9000) } }))).toBe(true);
  });

  it('passes its meta and place on to an item that is taken out of it', () => {
    const frame = framed(
      records(['a\n', 'b\n'], { at: at('one.csv', 0, 1) }),
      records(['c;\n', 'd;\n'], { meta: semicolons, at: at('two.csv', 0, 1) }),
    );
    const alone = frameOfItem(frame, 3);
    expect(alone).toMatchObject({ count: 1, base: 0, body: Buffer.from('d;\n') });
    expect(recordOf(alone, 0)).toEqual({ ...recordOf(frame, 3), at: at('two.csv', 3, 2) });
    expect(JSON.parse(alone.shapes.toString())).toMatchObject({ metas: [semicolons] });
    expect(frameOfItem(alone, 0)).toBe(alone);
  });

  it('keeps the true length of an oversized record', () => {
    const frame = framed(
      records(['a\n'], { at: at('one.csv', 0, 1) }),
      records(['xxxxx'], { at: at('one.csv', 2, 2), length: 5_000_000 }),
      records(['b\n'], { at: at('one.csv', 5_000_002, 3) }),
    );
    expect([0, 1, 2].map((i) => recordOf(frame, i).length)).toEqual([undefined, 5_000_000, undefined]);
    expect(recordOf(frame, 2).at).toEqual(at('one.csv', 5_000_002, 3));
    expect(recordOf(frameOfItem(frame, 1), 0)).toMatchObject({ length: 5_000_000, at: at('one.csv', 2, 2) });
  });

  it('fails to decode if its description cannot be read', () => {
    const frame = { ...framed(records(['a\n'])), shapes: Buffer.from('{"kind":"csv"}') };
    expect(() => recordOf(frame, 0)).toThrow('a frame of raw records does not say how to decode them: {"kind":"csv"}');
  });

  it('returns each record with its meta and place, however chunks are gathered and pieces are cut', () => {
    const line = fc.string({ maxLength: 6 }).map((text) => `${text}\n`);
    const chunk = fc.record({
      lines: fc.array(line, { minLength: 1, maxLength: 6 }),
      isOther: fc.boolean(),
      isNewFile: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(chunk, { minLength: 1, maxLength: 8 }),
        fc.array(fc.nat({ max: 4 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 40 }),
        (chunks, cuts, stretch) => {
          const framer = new RecordFramer();
          const expected: unknown[] = [];
          let place = at('file', 0, 1);
          for (const { lines, isOther, isNewFile } of chunks) {
            if (isNewFile) place = at(`${place.file}+`, 0, 1);
            const meta = isOther ? semicolons : commas;
            const whole = records(lines, { at: place, meta });
            // This frame gets a part of a chunk, as if that part had not fitted into the previous frame.
            const from = lines.length > 3 ? 1 : 0;
            for (const [i, text] of lines.entries()) {
              if (i >= from) expected.push({ text, meta, at: place });
              place = at(place.file, place.byte + Buffer.byteLength(text), place.line + text.split('\n').length - 1);
            }
            framer.add(whole, from, lines.length);
          }
          const taken = framer.take();
          const { header, parts } = frameToPayload(taken);
          const frame = frameFromPayload(header, Buffer.concat(parts));
          const found = expected.map((_, i) => {
            const { bytes, meta, at: its } = recordOf(frameOfItem(frame, i), 0);
            return { text: bytes.toString(), meta, at: its };
          });
          assert.deepEqual(found, expected);
          assert.deepEqual(
            decodedBy(frame, cuts, stretch),
            expected.map((each) => pick(each as { text: string; meta: unknown })),
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

const pick = ({ text, meta }: { text: string; meta: unknown }) => ({ text, meta });

/** Cuts the frame into pieces, and the pieces into runs, as dispatch and consumers do. */
function decodedBy(frame: Frame, cuts: readonly number[], stretch: number): unknown[] {
  const found: unknown[] = [];
  for (let from = 0, i = 0; from < frame.count; i++) {
    const count = Math.min(1 + cuts[i % cuts.length]!, frame.count - from);
    const cutter = new RecordCutter(cutFrame(frame, from, count));
    for (let index = 0; index < count;) {
      const { bytes, ends, meta, last } = cutter.cut(index, count - 1, stretch);
      for (const [j, end] of ends.entries())
        found.push({ text: bytes.toString('utf8', j === 0 ? 0 : ends[j - 1], end), meta });
      index = last + 1;
    }
    from += count;
  }
  return found;
}
