import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFrames, type Frame, FrameReader } from '../../../src/rpc/index.ts';

const frame: fc.Arbitrary<Frame> = fc.record({
  type: fc.nat(255),
  payload: fc.uint8Array({ maxLength: 300 }),
});

/** `bytes` cut at `cuts`. */
function chunks(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

function plain(frames: readonly Frame[]): [number, number[]][] {
  return frames.map((f) => [f.type, [...f.payload]]);
}

describe('FrameReader', () => {
  it('gives back what encodeFrames wrote, however it is cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 20 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        (frames, cuts) => {
          const reader = new FrameReader();
          const read = chunks(encodeFrames(frames), cuts).flatMap((chunk) => reader.push(chunk));
          expect(plain(read)).toEqual(plain(frames));
          expect(reader.held).toBe(0);
        },
      ),
    );
  });

  it('refuses a length above its limit as soon as the header is there', () => {
    const reader = new FrameReader(1000);
    expect(() => reader.push(Buffer.from([0, 0, 0x03, 0xe9, 1]))).toThrow(/1001 bytes/);
  });

  it('says how much of an unfinished frame it holds', () => {
    const reader = new FrameReader();
    expect(reader.push(encodeFrames([{ type: 1, payload: Buffer.from('abcdef') }]).subarray(0, 9))).toEqual(
      [],
    );
    expect(reader.held).toBe(9);
  });

  it('is total: random bytes give frames or one typed error', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (pieces) => {
        const reader = new FrameReader(1 << 16);
        try {
          for (const piece of pieces) reader.push(piece);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_argument' });
        }
      }),
      { numRuns: 3000 },
    );
  });

  it('joins a frame of 8 MiB from small chunks in linear time', () => {
    const bytes = encodeFrames([{ type: 1, payload: Buffer.alloc(8 * 1024 * 1024, 7) }]);
    const once = (): number => {
      const reader = new FrameReader();
      const began = performance.now();
      let read: Frame[] = [];
      for (let at = 0; at < bytes.length; at += 4096) read = reader.push(bytes.subarray(at, at + 4096));
      expect(read[0]?.payload.length).toBe(8 * 1024 * 1024);
      return performance.now() - began;
    };
    // the best of some runs is what it costs; the rest is what else the machine does
    expect(Math.min(once(), once(), once())).toBeLessThan(500);
  });
});
