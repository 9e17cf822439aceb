import { expect, it } from 'vitest';
import { packDigest, unpackDigest } from '../../../daemon/packed-digest.ts';

it('packDigest and unpackDigest agree, wherever the bytes lie, and know their own', () => {
  const packed = packDigest({ index: 123_456_789_012, digest: 0.1234567890123 });
  const inside = new Uint8Array(40);
  inside.set(packed, 5);
  expect(unpackDigest(inside.subarray(5, 5 + packed.length))).toEqual({
    ...{ index: 123_456_789_012, digest: 0.1234567890123 },
  });
  expect(unpackDigest(packed.subarray(1))).toBeNull();
  expect(unpackDigest(packed.subarray(0, -1))).toBeNull();
});
