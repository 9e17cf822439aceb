import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  flagDuration,
  formatDuration,
  formatSize,
  parseDuration,
  parseSize,
  plural,
} from '../../../src/base/index.ts';

describe('parseSize', () => {
  it.each([
    ['100MB', 100_000_000],
    ['1MiB', 1_048_576],
    ['1.5 kb', 1500],
    ['0', 0],
    ['12', 12],
    ['2TiB', 2 * 1024 ** 4],
    [' 7B ', 7],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', 'MB', '-1', '1XB', '1e3', '1,5MB', '99999999999TB', '1 2', 'constructor', '1toString'])(
    '%j is no size',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});

describe('parseDuration', () => {
  it.each([
    ['250ms', 250],
    ['30s', 30_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['42', 42],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it('a bare number is of the unit that the caller names, or of none', () => {
    expect(parseDuration('1.5', 's')).toBe(1500);
    expect(parseDuration('1.5s', null)).toBe(1500);
    expect(parseDuration('1.5', null)).toBeUndefined();
  });

  it.each(['', 's', '-1s', '1w', '1h30m', '1e3s', '9'.repeat(30)])('%j is no duration', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('flagDuration', () => {
  it('is read back as what it was, in the largest unit that is whole', () => {
    const texts = [3_600_000, 5_400_000, 90_000, 600_000, 86_400_000].map(flagDuration);
    expect(texts).toEqual(['1h', '90m', '90s', '10m', '24h']);
    expect(texts.map((text) => parseDuration(text))).toEqual([
      3_600_000, 5_400_000, 90_000, 600_000, 86_400_000,
    ]);
  });
});

describe('formatDuration', () => {
  it.each([
    [0, '0ms'],
    [340.4, '340ms'],
    [999.7, '1s'],
    [2300, '2.3s'],
    [59_949, '59.9s'],
    [59_990, '1m'],
    [3_599_700, '1h'],
    [5000, '5s'],
    [390_000, '6m30s'],
    [12_000_000, '3h20m'],
    [1_051_200_000, '12d4h'],
    [86_400_000, '1d'],
  ])('%d ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('never shows a unit that is full', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e10, noNaN: true }), (ms) => {
        // 60ms and 160ms are as they should be
        expect(formatDuration(ms)).not.toMatch(/1000ms|(?<![\d.])(60(\.\d)?s|60m(?!s)|60h|24h)/);
      }),
    );
  });
});

describe('formatSize', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1 KB'],
    [1_234_567_890, '1.2 GB'],
    [100_000_000, '100 MB'],
    [999_999_999, '1 GB'],
    [999_949_999, '999.9 MB'],
    [999.97e9, '1 TB'],
    [5e12, '5 TB'],
  ])('%d bytes are %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('plural', () => {
  it('is one of a thing, or more, or none', () => {
    expect([0, 1, 2].map((n) => plural(n, 'change'))).toEqual(['0 changes', '1 change', '2 changes']);
    expect([1, 3].map((n) => plural(n, 'entry', 'entries'))).toEqual(['1 entry', '3 entries']);
  });
});
