/*
 * msgpackr decodes texts with native code where that is installed, and in JavaScript where it is not. Both must give
 * the same. Which one it is, is decided when msgpackr is loaded.
 */
import { expect, it } from '@jest/globals';
import { describeRoundTrips } from './round-trips.ts';

process.env['MSGPACKR_NATIVE_ACCELERATION_DISABLED'] = 'true';
const { FrameEncoder, FrameDecoder } = await import('../../../src/frame/codec.ts');
const { isNativeAccelerationEnabled } = await import('msgpackr');

it('decodes without native code here', () => {
  expect(isNativeAccelerationEnabled).toBe(false);
});

describeRoundTrips({ FrameEncoder, FrameDecoder });
