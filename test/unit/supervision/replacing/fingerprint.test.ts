import { describe, expect, it } from '@jest/globals';
import { compareFingerprints } from '../../../../src/supervision/replacing/fingerprint.ts';

const file = { fingerprint: 'new', deterministic: true };
const start = { cursor: null, count: 0, digest: null };
const counted = { cursor: null, count: 7, digest: 'd' };
const explicit = { cursor: '{"page":3}', count: 2, digest: 'd' };

describe('a run that another version of the pipeline began', () => {
  it.each([
    ['nothing is stored yet', start],
    ['its source has reported where it is', explicit],
  ])('continues with a warning when %s', (_, position) => {
    expect(compareFingerprints('old', file, position)).toMatchObject({ status: 'changed' });
  });

  it('continues when its source is not deterministic, with a warning that items may come twice: nothing is counted', () => {
    const comparison = compareFingerprints('old', { ...file, deterministic: false }, counted);
    expect(comparison).toMatchObject({ status: 'changed', message: expect.stringContaining('may come twice') });
  });

  it('is refused when its source resumes by counting, with an error that names every way out', () => {
    const comparison = compareFingerprints('old', file, counted);
    if (comparison.status !== 'refused') throw new Error(`it was not refused but ${comparison.status}`);
    expect(comparison.error).toMatchObject({ code: 'PIPELINE_CHANGED', exitCode: 78 });
    for (const wayOut of ['first 7 items', 'old version', '--fresh', '--same-source', '`version`'])
      expect(comparison.error.message).toContain(wayOut);
  });
});

describe('a run whose source is declared to be the same', () => {
  it('resumes by counting', () => {
    expect(compareFingerprints('old', file, counted, { sameSource: true })).toMatchObject({ status: 'declared' });
  });

  it.each([start, explicit])('needs no declaration where nothing is counted', (position) => {
    expect(compareFingerprints('old', file, position, { sameSource: true })).toMatchObject({ status: 'changed' });
  });
});

describe('a run of the same version', () => {
  it.each([start, counted, explicit])('continues from any position', (position) => {
    expect(compareFingerprints('new', file, position)).toEqual({ status: 'same' });
  });
});
