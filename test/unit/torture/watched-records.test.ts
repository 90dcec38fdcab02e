import { describe, expect, it } from '@jest/globals';
import { oversizedBytes, RecordError, type RecordRun } from '../../../src/sources/port.ts';
import { recordDigest } from '../../../src/torture/canonical.ts';
import { DecodedRecord, digestsOf, watchedDecoders } from '../../../src/torture/watched-records.ts';

const meta = { version: 1 };
const run: RecordRun = { bytes: Buffer.from('1\nx\n"s"\n'), ends: Uint32Array.of(2, 4, 8) };
const digest = (text: string): string => recordDigest(Buffer.from(text));

describe('watched records', () => {
  it('have the same digests when they are handed over and when they are decoded', () => {
    const decode = watchedDecoders(
      () => (records) => Array.from(records.ends, (_, i) => i),
      () => undefined,
    );
    const decoded = decode(meta)(run) as DecodedRecord[];
    expect(decoded.map((each) => each.digest)).toEqual(digestsOf({ ...run, meta }, 1000));
    expect(decoded.map((each) => each.digest)).toEqual(['1\n', 'x\n', '"s"\n'].map(digest));
  });

  it('reach the pipeline as they were decoded, whatever their values; malformed records arrive as errors', () => {
    const bad = new RecordError('no JSON');
    const decode = watchedDecoders(
      () => () => [1, bad, 's'],
      () => undefined,
    );
    const [one, error, text] = decode(meta)(run);
    expect(one).toEqual(new DecodedRecord(1, digest('1\n')));
    expect(error).toBe(bad);
    expect(text).toEqual(new DecodedRecord('s', digest('"s"\n')));
  });

  it('are digested before the decoder can change them', () => {
    const bytes = Buffer.from('a\n');
    const decode = watchedDecoders(
      () => (records) => {
        records.bytes.fill(0);
        return [1];
      },
      () => undefined,
    );
    expect(decode(meta)({ bytes, ends: Uint32Array.of(2) })).toEqual([new DecodedRecord(1, digest('a\n'))]);
  });

  it('have as many items as the decoder returned, so that the product sees the decoder’s mistake', () => {
    const decode = watchedDecoders(
      () => () => [1, 2, 3, 4],
      () => undefined,
    );
    expect(decode(meta)(run)).toHaveLength(4);
  });

  it('can be hit by a fault just before they are decoded', () => {
    const story: string[] = [];
    const decode = watchedDecoders(
      () => () => {
        story.push('decoded');
        return [1, 2, 3];
      },
      () => story.push('announced'),
    );
    decode(meta)(run);
    expect(story).toEqual(['announced', 'decoded']);
  });

  it('that are too long are identified by their length and the beginning that the queue keeps', () => {
    const long = Buffer.alloc(oversizedBytes + 10, 'x');
    const kept = recordDigest(long.subarray(0, oversizedBytes), long.length);
    const ends = [2, 2 + long.length];
    const both = { bytes: Buffer.concat([Buffer.from('a\n'), long]), ends, meta };
    expect(digestsOf(both, oversizedBytes)).toEqual([digest('a\n'), kept]);
    expect(digestsOf(both, long.length)).toEqual([digest('a\n'), recordDigest(long)]);
    const cut = { bytes: long.subarray(0, oversizedBytes), ends: [oversizedBytes], meta, length: long.length };
    expect(digestsOf(cut, long.length)).toEqual([kept]);
    expect(digestsOf({ ...cut, length: long.length + 1 }, long.length)).not.toEqual([kept]);
  });
});
