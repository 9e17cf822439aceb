import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/base/index.ts';
import { Admission } from '../../../src/raft/admission.ts';

const MIB = 1024 * 1024;

/** Somebody who fills all the room in pieces of 1 MiB, before a disk that commits one after the other. */
class Crowd {
  readonly admission = new Admission();
  #out: number[] = [];
  #index = 0;
  #now = 0;

  /** Answers the longest wait of so many pieces, each of which takes so long, ms. */
  push(pieceMs: number, pieces: number): number {
    let longest = 0;
    for (let n = 0; n < pieces; n++) {
      while (this.admission.room(this.#now) >= MIB) {
        this.admission.appended(++this.#index, MIB, this.#now);
        this.#out.push(this.#now);
      }
      this.#now += pieceMs;
      longest = Math.max(longest, this.#now - (this.#out.shift() ?? this.#now));
      this.admission.committed(this.#index - this.#out.length, this.#now);
    }
    return longest;
  }

  get bound(): number {
    return this.admission.room(Number.NEGATIVE_INFINITY) + this.admission.bytes;
  }
}

describe('Admission', () => {
  it('takes what two syncs take before anything has committed', () => {
    expect(new Admission().room(0)).toBe(2 * LIMITS.walBatchBytes);
  });

  it('learns nothing from commits of little', () => {
    const admission = new Admission();
    for (let index = 1; index <= 10_000; index++) {
      admission.appended(index, 10_000, index);
      admission.committed(index, index);
    }
    expect(admission.room(10_000)).toBe(2 * LIMITS.walBatchBytes);
  });

  it('lets in no more than one sync takes while the oldest waits for too long, whatever was learnt', () => {
    const crowd = new Crowd();
    crowd.push(5, 200);
    const { admission, bound } = crowd;
    expect(bound).toBe(LIMITS.maxUncommittedBytes);
    admission.committed(Number.MAX_SAFE_INTEGER, 1000);
    admission.appended(Number.MAX_SAFE_INTEGER, 100, 1000);
    expect(admission.room(1900)).toBeGreaterThan(LIMITS.maxUncommittedBytes / 2);
    expect(admission.room(2001)).toBe(LIMITS.walBatchBytes - 100);
  });

  it('counts what waits, and gives it back when it commits', () => {
    const admission = new Admission();
    admission.appended(1, 100, 0);
    admission.appended(3, 50, 0);
    expect(admission.bytes).toBe(150);
    admission.committed(2, 1);
    expect(admission.bytes).toBe(50);
    admission.committed(3, 1);
    expect(admission.bytes).toBe(0);
  });

  it('takes all the memory where commits are quick', () => {
    const crowd = new Crowd();
    crowd.push(5, 200);
    expect(crowd.bound).toBe(LIMITS.maxUncommittedBytes);
  });

  it('comes down to what commits in a second, and lets nothing wait much longer from then on', () => {
    const crowd = new Crowd();
    crowd.push(5, 200);
    // 20 MiB a second: what was let in up to the bound of the memory waits for three
    expect(crowd.push(50, 200)).toBeGreaterThan(2500);
    expect(crowd.push(50, 200)).toBeLessThan(1300);
    expect(crowd.bound).toBeGreaterThan(15 * MIB);
    expect(crowd.bound).toBeLessThan(25 * MIB);
  });

  it('comes down no further than what one sync takes', () => {
    const slow = new Crowd();
    slow.push(500, 100);
    expect(slow.bound).toBe(LIMITS.walBatchBytes);
    // a hanging disk says nothing of how much it takes
    const hung = new Admission();
    hung.appended(1, 100, 0);
    hung.committed(1, 60_000);
    expect(hung.room(60_000)).toBe(LIMITS.walBatchBytes);
  });
});
