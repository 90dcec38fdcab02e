import { describe, expect, it } from '@jest/globals';
import { shortReason } from '../../../src/observability/short-reason.ts';

const error = { code: 'E', message: 'it broke', cause: { code: 'C', message: 'because' } };

describe('the reason next to an error', () => {
  it.each([
    ['it broke: because', undefined],
    ['failed 5 times, the last time: it broke: because', 'failed 5 times, the last time'],
    ['killed its consumer', 'killed its consumer'],
    ['it broke: because (it may have been written)', 'it broke: because (it may have been written)'],
  ])('omits the text of the error: "%s" becomes %j', (reason, shown) => {
    expect(shortReason(reason, error)).toBe(shown);
  });
});
