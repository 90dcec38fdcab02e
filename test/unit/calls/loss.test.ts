import { describe, expect, it } from '@jest/globals';
import { isOfTheNetwork } from '../../../src/calls/loss.ts';

describe('an error', () => {
  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    'EAI_AGAIN',
    'EHOSTUNREACH',
    'ENETUNREACH',
    'ETIMEDOUT',
    'EPIPE',
    'CERT_HAS_EXPIRED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'HPE_INVALID_CONSTANT',
    'UND_ERR_SOCKET',
    'UND_ERR_CONNECT_TIMEOUT',
    'UND_ERR_HEADERS_TIMEOUT',
  ])('with code %s is about the connection', (code) => {
    expect(isOfTheNetwork(Object.assign(new Error('x'), { code }))).toBe(true);
  });

  it.each([undefined, 'UND_ERR_INVALID_ARG', 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH', 'ENOENT', 23])(
    'with code %s is not about the connection',
    (code) => {
      expect(isOfTheNetwork(Object.assign(new Error('x'), { code }))).toBe(false);
    },
  );
});
