import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatToken, parseToken, type TokenText } from '../../../src/auth/index.ts';

const secret = 'A'.repeat(43);
const pin = 'a1'.repeat(32);

describe('parseToken', () => {
  it('reads what formatToken writes', () => {
    const chars = 'abcdefghijklmnopqrstuvwxyz0123456789-';
    const id = fc.string({ unit: fc.constantFrom(...chars), minLength: 4, maxLength: 64 });
    const words = fc.string({ unit: fc.constantFrom(...'aZ09_-'), minLength: 43, maxLength: 43 });
    const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
    const token: fc.Arbitrary<TokenText> = fc.oneof(
      fc.record({ kind: fc.constant('access' as const), id, secret: words }),
      fc.record({ kind: fc.constant('join' as const), id, secret: words, caFingerprint: hex }),
    );
    fc.assert(
      fc.property(token, (t) => {
        expect(parseToken(formatToken(t))).toEqual({ ok: true, token: t });
      }),
    );
  });

  it('forgives white space around it', () => {
    expect(parseToken(` sqlcc1.abcd.${secret}\n`)).toMatchObject({ ok: true });
  });

  it.each([
    ['nothing', '', 'begins with sqlcc1.'],
    ['another version', `sqlcc2.abcd.${secret}`, 'begins with sqlcc1.'],
    ['no secret', 'sqlcc1.abcd', 'three parts'],
    ['five parts', `sqlcc1.abcd.${secret}.${pin}.x`, 'three parts'],
    ['a bad id', `sqlcc1.../etc.${secret}`, 'three parts'],
    ['an id with capitals', `sqlcc1.ABCD.${secret}`, 'the id'],
    ['a short secret', 'sqlcc1.abcd.AAAA', 'the secret'],
    ['a short pin', `sqlcc1.abcd.${secret}.abcd`, 'the CA fingerprint'],
    ['an endless text', 'sqlcc1.'.repeat(10_000), 'at most 256'],
  ])('refuses %s with a reason', (_name, text, reason) => {
    const parsed = parseToken(text);
    expect(parsed.ok ? '' : parsed.reason).toContain(reason);
  });

  it('never repeats the secret in a reason', () => {
    const parsed = parseToken(`sqlcc1.abcd.${secret}.nonsense`);
    expect(JSON.stringify(parsed)).not.toContain(secret);
  });

  it('is total: any text gives a token or a reason', () => {
    const nearly = fc
      .array(fc.constantFrom('sqlcc1', '.', 'abcd', secret, pin, ' ', '\n', 'é'))
      .map((a) => a.join(''));
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (text) => {
        const parsed = parseToken(text);
        if (parsed.ok) expect(formatToken(parsed.token)).toBe(text.trim());
        else expect(parsed.reason.length).toBeGreaterThan(0);
      }),
      { numRuns: 5000 },
    );
  });
});
