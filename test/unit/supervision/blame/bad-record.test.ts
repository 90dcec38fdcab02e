import { expect, it } from '@jest/globals';
import { frameOfRecord } from '../../../../src/frame/records.ts';
import { badRecord } from '../../../../src/supervision/blame/bad-record.ts';

const record = { kind: 'csv', bytes: Buffer.from(`1,${'x'.repeat(100)}\n`), meta: { version: 1 }, length: undefined };
const error = { code: 'RECORD', message: 'expected 3 fields, got 2' };

it('a record that ends the run is named with its file, line, byte and the beginning of its text', () => {
  const at = { file: 'a.csv', byte: 20, line: 3 };
  expect(badRecord(frameOfRecord({ ...record, at }), error)).toMatchObject({
    exitCode: 78,
    message: expect.stringMatching(/^a\.csv, line 3, byte 20: expected 3 fields, got 2\. The record: "1,x{58}…"\. /),
  });
});

it('a record that ends the run is named without a place if its source has no files', () => {
  const { message } = badRecord(frameOfRecord({ ...record, at: undefined }), error);
  expect(message).toMatch(/^expected 3 fields/);
});
