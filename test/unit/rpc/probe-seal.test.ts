import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { seededRandom, shuffle } from '../../../src/base/index.ts';
import {
  keyIdOf,
  keyIdText,
  MAX_PROBE_BYTES,
  type ProbeKey,
  ProbeOpener,
  ProbeSealer,
  probeKeyOf,
} from '../../../src/rpc/probe-seal.ts';
import { ReplayWindow } from '../../../src/rpc/replay-window.ts';

function newKey(): ProbeKey {
  return { key: randomBytes(32), salt: randomBytes(4), id: randomBytes(8) };
}

const MESSAGE = new TextEncoder().encode('are you there?');

describe('ReplayWindow', () => {
  it('admits each number once, in any order, and none that is 1024 behind the newest', () => {
    const window = new ReplayWindow();
    const admitted = new Set<number>();
    const numbers = Array.from({ length: 900 }, (_, n) => n);
    for (const n of shuffle(seededRandom(1), [...numbers, ...numbers])) {
      expect(window.admit(n)).toBe(!admitted.has(n));
      admitted.add(n);
    }
    expect(window.admit(5000)).toBe(true);
    expect(window.admit(5000 - 1024)).toBe(false);
    expect(window.admit(5000 - 1023)).toBe(true);
    expect(window.admit(5000 - 1023)).toBe(false);
    for (const n of numbers) expect(window.admit(n)).toBe(false);
  });

  it('forgets nothing while it moves by less than its width', () => {
    const window = new ReplayWindow();
    for (let n = 0; n < 5000; n += 3) {
      expect(window.admit(n)).toBe(true);
      expect(window.admit(n)).toBe(false);
      if (n >= 900) expect(window.admit(n - 900)).toBe(false);
      if (n >= 901) expect(window.admit(n - 901)).toBe(true);
    }
  });
});

describe('ProbeSealer and ProbeOpener', () => {
  it('carry messages of every length up to the limit, each in a datagram of at most 1200 bytes', () => {
    const key = newKey();
    const [sealer, opener] = [new ProbeSealer(key), new ProbeOpener(key)];
    for (const length of [0, 1, 14, 500, MAX_PROBE_BYTES]) {
      const message = randomBytes(length);
      const datagram = sealer.seal(message);
      expect(datagram.length).toBeLessThanOrEqual(1200);
      expect(keyIdOf(datagram)).toBe(keyIdText(key.id));
      expect(opener.open(datagram)).toEqual(message);
    }
    expect(() => sealer.seal(new Uint8Array(MAX_PROBE_BYTES + 1))).toThrow('a probe of');
  });

  it('shows nothing of the message, and the same message never the same', () => {
    const sealer = new ProbeSealer(newKey());
    const texts = [sealer.seal(MESSAGE), sealer.seal(MESSAGE)].map((d) => Buffer.from(d).toString('latin1'));
    expect(texts[0]).not.toContain('there');
    expect(texts[0]?.slice(17)).not.toBe(texts[1]?.slice(17));
  });

  it('opens nothing twice, nothing with another key, and nothing of which one bit was changed', () => {
    const key = newKey();
    const [sealer, opener] = [new ProbeSealer(key), new ProbeOpener(key)];
    const datagram = sealer.seal(MESSAGE);
    expect(new ProbeOpener(newKey()).open(datagram)).toBeNull();
    for (let bit = 0; bit < datagram.length * 8; bit++) {
      const changed = Uint8Array.from(datagram);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      // the version and the key's id are for finding the key; all of it is under the seal
      expect(opener.open(changed)).toBeNull();
    }
    expect(opener.open(datagram)).toEqual(Buffer.from(MESSAGE));
    expect(opener.open(datagram)).toBeNull();
  });
});

describe('keyIdOf', () => {
  it('knows by its form what is none of ours', () => {
    const datagram = new ProbeSealer(newKey()).seal(MESSAGE);
    expect(keyIdOf(datagram.subarray(0, 32))).toBeNull();
    expect(keyIdOf(new Uint8Array(1201).fill(1))).toBeNull();
    expect(keyIdOf(Uint8Array.from(datagram).fill(2, 0, 1))).toBeNull();
    for (let length = 0; length < 33; length++) expect(keyIdOf(new Uint8Array(length).fill(1))).toBeNull();
  });
});

describe('probeKeyOf', () => {
  it('is null while a handshake is not over', () => {
    const unready = {
      exportKeyingMaterial: () => {
        throw new Error('not yet');
      },
    };
    expect(probeKeyOf(unready)).toBeNull();
  });
});
