import { describe, expect, it } from 'vitest';
import { certificateAdvice, certificateWords } from '../../../src/rpc/tls-words.ts';

describe('certificateAdvice', () => {
  it.each([
    ['CERT_HAS_EXPIRED', 'node', /^restart that node/],
    ['Error: CERT_HAS_EXPIRED', 'caller', /"sqlcc cert issue" makes a new one/],
    ['CERT_NOT_YET_VALID', 'node', /^compare the clocks/],
    ['CERT_NOT_YET_VALID', 'caller', /^compare the clocks/],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'node', /^is --ca .* the ca.crt of this cluster/],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'caller', /^show one that this cluster issued/],
    ['ERR_OF_TOMORROW', 'caller', /^show one that this cluster issued/],
  ] as const)('of %s of a %s', (code, whose, advice) => {
    expect(certificateAdvice(code, whose)).toMatch(advice);
  });

  it('what has ended is in words, and not a question of the CA', () => {
    expect(certificateWords('CERT_HAS_EXPIRED')).toBe('has expired');
    for (const whose of ['node', 'caller'] as const) {
      expect(certificateAdvice('CERT_HAS_EXPIRED', whose)).not.toMatch(/\bCA\b|ca\.crt/);
    }
  });
});
