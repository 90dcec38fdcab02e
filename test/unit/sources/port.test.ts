import { describe, expect, it } from '@jest/globals';
import { verdictOf } from '../../../src/core/errors.ts';
import { defineSource, isRecordError, isSourceSpec, RecordError } from '../../../src/sources/port.ts';

describe('a source specification', () => {
  it('is recognised by its mark, even if another copy of the package made it', () => {
    const spec = defineSource<string>({ kind: 'own', target: 'nowhere', resumes: 'not', settles: false, open });
    expect(isSourceSpec(spec)).toBe(true);
    expect(isSourceSpec({ [Symbol.for('millrace.source')]: true })).toBe(true);
    for (const other of [{ kind: 'own' }, [], null, undefined, 'text', () => []])
      expect(isSourceSpec(other)).toBe(false);
  });
});

describe('a record error', () => {
  it('makes its item a dead letter at once', () => {
    expect(verdictOf(new RecordError('a quote is missing'))).toBe('permanent');
  });

  it('is distinguished from an item that is an error', () => {
    expect(isRecordError(new RecordError('a quote is missing'))).toBe(true);
    for (const item of [new Error('an item'), { code: 'RECORD' }, null, 'text'])
      expect(isRecordError(item)).toBe(false);
  });
});

function open(): { read: () => [] } {
  return { read: () => [] };
}
