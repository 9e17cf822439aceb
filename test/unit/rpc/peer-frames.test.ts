import { describe, expect, it } from 'vitest';
import { decodePong, encodePing, pongTo } from '../../../src/rpc/peer-frames.ts';

const WALL = 1_800_000_000_123;

describe('a ping', () => {
  it('is answered with what it carried and the time there', () => {
    expect(decodePong(pongTo(encodePing(12.5), WALL))).toEqual({ at: 12.5, wall: WALL });
  });

  it('of a node that asks for no time gets back what it sent and no more', () => {
    const older = encodePing(12.5).slice(0, 8);
    expect(pongTo(older, WALL)).toEqual(older);
  });

  it('is measured also where the answer says no time', () => {
    expect(decodePong(encodePing(12.5).slice(0, 8))).toEqual({ at: 12.5, wall: null });
  });

  it.each([0, 7, 9, 15, 17])('is not answered by %i bytes', (length) => {
    expect(decodePong(new Uint8Array(length))).toBeNull();
  });

  it('is not answered by what is no number', () => {
    expect(decodePong(pongTo(encodePing(Number.NaN), WALL))).toBeNull();
    expect(decodePong(pongTo(encodePing(1), Number.POSITIVE_INFINITY))).toBeNull();
  });
});
