import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../../src/raft/bytes.ts';

const textOf = (bytes: Uint8Array): string => new ByteReader(bytes).text(20_000);

function written(text: string, capacity: number): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter(capacity);
  out.text(text);
  return out.finish();
}

describe('ByteWriter', () => {
  it.each([16, 8192, 10_000])('of %i bytes leaves what others have written alone', (capacity) => {
    const long = 'x'.repeat(9000);
    const done = [written('one', capacity), written(long, capacity)];
    // two under way at once, and one that is given up
    const [open, other] = [new ByteWriter(capacity), new ByteWriter(capacity)];
    open.text('three');
    other.text('four');
    new ByteWriter(capacity).text('never finished');
    done.push(open.finish(), other.finish(), written('five', capacity));
    expect(done.map(textOf)).toEqual(['one', long, 'three', 'four', 'five']);
    // fit to be transferred: nobody else has a part of it
    expect(done.map((bytes) => bytes.buffer.byteLength)).toEqual(done.map((bytes) => bytes.length));
  });
});

describe('a ByteWriter that has finished', () => {
  it('does not finish again: what it wrote on is another writer’s', () => {
    const out = new ByteWriter(16);
    out.text('one');
    out.finish();
    expect(() => out.finish()).toThrow('a writer finishes once');
  });
});

describe('ByteReader', () => {
  it('reads each of many short texts as it was written, more than it remembers', () => {
    const texts = Array.from({ length: 3000 }, (_, n) => `n${n % 1500}`);
    texts.push('', 'é', 'ok\u0000', 'x'.repeat(64), 'x'.repeat(65));
    expect(texts.map((text) => textOf(written(text, 256)))).toEqual(texts);
  });
});
