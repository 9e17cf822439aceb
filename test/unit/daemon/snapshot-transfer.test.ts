import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Duplex, duplexPair } from 'node:stream';
import { setTimeout as after } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SnapshotTransfer } from '../../../daemon/snapshot-transfer.ts';
import type { RaftInput, SnapshotMeta } from '../../../src/raft/index.ts';
import { type Frame, FrameReader, writeFrame } from '../../../src/rpc/index.ts';
import { SnapshotManager } from '../../../src/wal/index.ts';
import { until } from '../rpc/peer-fixture.ts';
import { snapshotMeta } from '../wal/wal-kit.ts';

const [RESUME, CHUNK, END, DONE, REFUSED, PROGRESS] = [1, 2, 3, 4, 5, 6];

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sqlcc-transfer-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

/** One node's end: its folder of snapshots, what it told its core, what it logged. */
class Side {
  readonly dir: string;
  readonly snapshots: SnapshotManager;
  readonly inputs: RaftInput[] = [];
  readonly logs: string[] = [];
  readonly transfer: SnapshotTransfer;
  /** Bytes that asked the pace. */
  paced = 0;
  /** Where `openBulk` leads. */
  connect: (header: object) => Duplex = () => {
    throw new TypeError('connected to nobody');
  };

  constructor(nodeId: string, stallMs = 5000) {
    this.dir = join(root, nodeId);
    this.snapshots = new SnapshotManager({ dir: this.dir });
    this.transfer = new SnapshotTransfer({
      nodeId,
      instanceId: `i-${nodeId}`,
      snapshots: this.snapshots,
      peers: { openBulk: async (_peer, header) => this.connect(header) },
      pace: {
        take: (bytes) => {
          this.paced += bytes;
          return 0;
        },
      },
      stallMs,
      submit: (input) => this.inputs.push(input),
      makeAnother: () => this.logs.push('make-another'),
      log: (_level, event) => this.logs.push(event),
    });
  }

  /** A snapshot of `bytes` random bytes here. */
  async make(index: number, bytes: number): Promise<SnapshotMeta> {
    const { size: _, ...meta } = snapshotMeta(index);
    writeFileSync(join(this.dir, 'copy.db'), randomBytes(bytes));
    return this.snapshots.createSnapshot(join(this.dir, 'copy.db'), meta);
  }

  file(meta: SnapshotMeta, kind = 'snap'): Buffer {
    return readFileSync(join(this.dir, `${meta.id}.${kind}`));
  }

  arrived(): RaftInput[] {
    return this.inputs.filter((i) => i.kind === 'message');
  }

  /** Opens a stream to this node as a sender would; the test plays the sender. */
  dial(meta: SnapshotMeta, term = 1): Far {
    const [near, far] = duplexPair();
    this.transfer.receive('n1', { kind: 'snapshot', meta, term, session: 1, instanceId: 'i-n1' }, near);
    return new Far(far);
  }
}

/** The far end of a stream, played by the test. */
class Far {
  readonly stream: Duplex;
  readonly frames: Frame[] = [];
  closed = false;

  constructor(stream: Duplex) {
    this.stream = stream;
    const reader = new FrameReader();
    stream.on('data', (bytes: Buffer) => this.frames.push(...reader.push(bytes)));
    stream.on('error', () => {});
    for (const end of ['end', 'close']) stream.on(end, () => (this.closed = true));
  }

  async until(type: number): Promise<Frame> {
    const found = () => this.frames.find((f) => f.type === type);
    await until(`frame ${type}`, () => found() !== undefined);
    return found() as Frame;
  }

  say(type: number, payload: object | Uint8Array = new Uint8Array(0)): void {
    const bytes = payload instanceof Uint8Array ? payload : Buffer.from(JSON.stringify(payload));
    writeFrame(this.stream, type, bytes);
  }

  chunk(bytes: Uint8Array): void {
    const payload = Buffer.alloc(4 + bytes.length);
    payload.writeUInt32BE(crc32(bytes));
    payload.set(bytes, 4);
    this.say(CHUNK, payload);
  }

  /** The rest of a file, as the receiver asked for it. */
  async sendFrom(whole: Buffer): Promise<void> {
    const { offset } = JSON.parse(Buffer.from((await this.until(RESUME)).payload).toString());
    for (let at = offset; at < whole.length; at += 65_536) this.chunk(whole.subarray(at, at + 65_536));
    this.say(END);
  }
}

function connect(from: Side, to: Side): void {
  from.connect = (header) => {
    const [near, far] = duplexPair();
    to.transfer.receive('n1', header, far);
    return near;
  };
}

describe('SnapshotTransfer', () => {
  it('brings a snapshot over byte by byte, paced, and tells both cores', async () => {
    const [a, b] = [new Side('n1'), new Side('n2')];
    connect(a, b);
    const meta = await a.make(9, 3_000_000);
    a.transfer.send('n2', meta, 4, 7);
    await until('the end', () => a.inputs.length > 0);
    expect(a.inputs).toEqual([{ kind: 'snapshot-report', peer: 'n2', ok: true }]);
    expect(b.file(meta).equals(a.file(meta))).toBe(true);
    const ends = { from: 'n1', to: 'n2', fromInstance: 'i-n1', toInstance: 'i-n2' };
    const message = { kind: 'snapshot', ...ends, term: 4, session: 7, meta };
    expect(b.inputs).toEqual([{ kind: 'message', message }]);
    expect(a.paced).toBe(meta.size);
    expect([a.logs, b.logs]).toEqual([['snapshot-sent'], ['snapshot-received']]);
  });

  it('sends nothing of what has arrived before, whole or in part', async () => {
    const [a, b] = [new Side('n1'), new Side('n2')];
    connect(a, b);
    const meta = await a.make(9, 400_000);
    const far = b.dial(meta);
    await far.until(RESUME);
    far.chunk(a.file(meta).subarray(0, 100_000));
    await until('the part', () => b.file(meta, 'part').length === 100_000);
    far.stream.destroy();
    await until('it was given up', () => b.logs.length === 1);
    a.transfer.send('n2', meta, 1, 1);
    await until('the end', () => a.inputs.length === 1);
    expect(a.paced).toBe(meta.size - 100_000);
    a.transfer.send('n2', meta, 1, 2);
    await until('the second end', () => a.inputs.length === 2);
    expect(a.paced).toBe(meta.size - 100_000);
    expect(b.arrived()).toHaveLength(2);
  });

  it('a newer stream for the same snapshot replaces the older, and never writes beside it', async () => {
    const [a, b] = [new Side('n1'), new Side('n2')];
    const meta = await a.make(9, 2_000_000);
    const whole = a.file(meta);
    const older = b.dial(meta);
    await older.until(RESUME);
    for (let at = 0; at < 1_000_000; at += 100_000) older.chunk(whole.subarray(at, at + 100_000));
    const middle = b.dial(meta);
    const newest = b.dial(meta);
    // the older sender does not know yet and goes on
    older.chunk(whole.subarray(1_000_000, 1_100_000));
    await newest.sendFrom(whole);
    await newest.until(DONE);
    await until('the others ended', () => older.closed && middle.closed);
    expect(middle.frames).toEqual([]);
    expect(b.file(meta).equals(whole)).toBe(true);
    expect(b.arrived()).toHaveLength(1);
    expect(readdirSync(b.dir)).toEqual([`${meta.id}.snap`]);
  });

  it('a stream that comes while the same snapshot is verified waits, and finds it there', async () => {
    const [a, b] = [new Side('n1'), new Side('n2')];
    const meta = await a.make(9, 8_000_000);
    const whole = a.file(meta);
    const older = b.dial(meta);
    await older.sendFrom(whole);
    await older.until(PROGRESS);
    const newer = b.dial(meta);
    const { payload } = await newer.until(RESUME);
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual({ offset: meta.size });
    newer.say(END);
    await newer.until(DONE);
    expect(b.file(meta).equals(whole)).toBe(true);
    expect(b.arrived()).toHaveLength(2);
  });

  it('refuses another snapshot of the same term, and gives way to one of a newer term', async () => {
    const [a, b] = [new Side('n1'), new Side('n2')];
    const [first, second] = [await a.make(9, 300_000), await a.make(10, 300_000)];
    const older = b.dial(first, 3);
    await older.until(RESUME);
    const other = b.dial(second, 3);
    const refusal = await other.until(REFUSED);
    expect(Buffer.from(refusal.payload).toString()).toContain('another snapshot');
    const newer = b.dial(second, 4);
    await newer.sendFrom(a.file(second));
    await newer.until(DONE);
    expect(older.closed).toBe(true);
    expect(b.snapshots.list()).toEqual([second]);
  });

  it('says that it makes progress while it verifies what has arrived and what was here', async () => {
    const [a, b, c] = [new Side('n1'), new Side('n2'), new Side('n3')];
    const meta = await a.make(9, 500_000);
    const far = b.dial(meta);
    await far.sendFrom(a.file(meta));
    await far.until(DONE);
    expect(far.frames.map((f) => f.type)).toEqual([RESUME, PROGRESS, DONE]);
    writeFileSync(join(c.dir, `${meta.id}.snap`), a.file(meta));
    const again = c.dial(meta);
    await again.until(RESUME);
    expect(again.frames.map((f) => f.type)).toEqual([PROGRESS, RESUME]);
  });

  it('waits for a receiver that makes progress, however long, and not for one that says nothing', async () => {
    const a = new Side('n1', 200);
    const meta = await a.make(9, 300_000);
    const receivers: Far[] = [];
    a.connect = () => {
      const [near, far] = duplexPair();
      receivers.push(new Far(far));
      return near;
    };
    const began = performance.now();
    a.transfer.send('n2', meta, 1, 1);
    await until('the stream', () => receivers.length === 1);
    const [slow] = receivers as [Far];
    slow.say(RESUME, { offset: 0 });
    await slow.until(END);
    for (let n = 0; n < 8; n++) {
      slow.say(PROGRESS);
      await after(60);
    }
    expect(a.inputs).toEqual([]);
    slow.say(DONE);
    await until('the report', () => a.inputs.length === 1);
    expect(performance.now() - began).toBeGreaterThan(400);

    a.transfer.send('n2', meta, 1, 2);
    await until('the second stream', () => receivers.length === 2);
    receivers[1]?.say(RESUME, { offset: 0 });
    await until('the second report', () => a.inputs.length === 2);
    const report = { kind: 'snapshot-report', peer: 'n2' };
    expect(a.inputs).toEqual([
      { ...report, ok: true },
      { ...report, ok: false },
    ]);
  });

  it('asks for another snapshot when the one that was refused is rotten here', async () => {
    const [a, b] = [new Side('n1'), new Side('n2')];
    const meta = await a.make(9, 300_000);
    const bytes = a.file(meta);
    bytes[100_000] = (bytes[100_000] as number) ^ 4;
    writeFileSync(join(a.dir, `${meta.id}.snap`), bytes);
    a.connect = (header) => {
      const [near, far] = duplexPair();
      b.transfer.receive('n1', header, far);
      return near;
    };
    a.transfer.send('n2', meta, 1, 1);
    await until('the report', () => a.inputs.length === 1);
    expect(a.inputs).toEqual([{ kind: 'snapshot-report', peer: 'n2', ok: false }]);
    expect(a.logs).toEqual(['snapshot-not-sent', 'snapshot-damaged', 'make-another']);
    expect(b.arrived()).toEqual([]);
  });

  it('stops sending when the receiver refuses in the middle, and throws damage away', async () => {
    const [a, b] = [new Side('n1'), new Side('n2')];
    const meta = await a.make(9, 20_000_000);
    a.connect = (header) => {
      const [near, far] = duplexPair();
      // announced as shorter than it is: the receiver's write refuses the rest
      b.transfer.receive('n1', { ...header, meta: { ...meta, size: 1_000_000 } }, far);
      return near;
    };
    a.transfer.send('n2', meta, 1, 1);
    await until('the report', () => a.inputs.length === 1);
    expect(a.inputs).toEqual([{ kind: 'snapshot-report', peer: 'n2', ok: false }]);
    expect(a.paced).toBeLessThan(meta.size / 2);
    expect(a.logs).toEqual(['snapshot-not-sent']);
    expect(b.arrived()).toEqual([]);
    expect(existsSync(join(b.dir, `${meta.id}.snap`))).toBe(false);
  });
});
