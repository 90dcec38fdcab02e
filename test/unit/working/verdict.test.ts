import { describe, expect, it } from '@jest/globals';
import { PermanentError } from '../../../src/core/errors.ts';
import { RecordError } from '../../../src/sources/port.ts';
import { failureOf } from '../../../src/working/verdict.ts';

const redaction = { error: <Data>(data: Data) => data } as never;

describe('an item that failed', () => {
  it('for good is dead, as is a record that cannot be decoded', () => {
    expect(failureOf(1, new PermanentError('no'), redaction)).toMatchObject({ verdict: 'dead' });
    expect(failureOf(1, new RecordError('no'), redaction)).toMatchObject({
      verdict: 'dead',
      error: { code: 'RECORD', message: 'no' },
    });
  });

  it('ends the run if its record is one that the source wants to end it', () => {
    expect(failureOf(1, new RecordError('no', { endsRun: true }), redaction)).toMatchObject({ verdict: 'endsRun' });
  });
});
