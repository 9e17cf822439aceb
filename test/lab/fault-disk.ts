/**
 * A disk that fails on demand below a program that knows nothing of it: `env()` preloads a small library
 * (fault-disk.c) which stands between the program and the C library, `set()` changes the rules while the
 * program runs, `counts()` says what took effect.
 */
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../src/base/index.ts';
import { compile, missingProgram } from './tools.ts';

// the order is that of the enums in fault-disk.c
const OPS = ['open', 'write', 'pwrite', 'fsync', 'fdatasync', 'rename', 'read', 'unlink'] as const;
const EFFECTS = ['EIO', 'ENOSPC', 'EMFILE', 'delay', 'drop', 'flip', 'kill'] as const;

/** `write` and `read` mean their vectored kin too, `pwrite` all writes at a position, `rename` its target. */
export type FaultOp = (typeof OPS)[number];
/** `drop` claims success and does nothing; `flip` turns one bit of what was read; `kill` is SIGKILL. */
export type FaultEffect = (typeof EFFECTS)[number];

export interface FaultRule {
  /** Glob over the whole path; `*` also stands for slashes. */
  readonly path: string;
  readonly ops: readonly FaultOp[];
  readonly effect: FaultEffect;
  /** Chance of each call, 0 to 1; default 1. */
  readonly probability?: number;
  /** How long `delay` lasts. */
  readonly delayMs?: number;
  /** Takes effect that often at most, over all processes; default without end. */
  readonly times?: number;
  /** So many calls pass first, over all processes; default none. */
  readonly skip?: number;
}

const MAGIC = 0x4b534446;
const MAX_RULES = 64;
const RULE = { at: 64, bytes: 256, glob: 208 } as const;
const HITS = { at: RULE.at + MAX_RULES * RULE.bytes, perEffect: 8 } as const;
const KILLED = { at: HITS.at + 8 * HITS.perEffect * 8, bytes: 512 } as const;
const BYTES = KILLED.at + KILLED.bytes;

function encodeRule(rule: FaultRule): Buffer {
  const record = Buffer.alloc(RULE.bytes);
  assert(Buffer.byteLength(rule.path) < RULE.glob, `the glob ${rule.path} is too long`);
  record.write(rule.path, 0, 'utf8');
  const ops = rule.ops.reduce((mask, op) => mask | (1 << OPS.indexOf(op)), 0);
  const words = [
    ops,
    EFFECTS.indexOf(rule.effect),
    Math.round((rule.probability ?? 1) * 1_000_000),
    rule.delayMs ?? 0,
    rule.times ?? 0,
    0,
    rule.skip ?? 0,
  ];
  for (const [i, word] of words.entries()) record.writeUInt32LE(word, RULE.glob + i * 4);
  return record;
}

export class FaultDisk {
  readonly #library: string;
  readonly #control: string;

  private constructor(library: string, control: string) {
    this.#library = library;
    this.#control = control;
  }

  /** Why it can't be had here, or null. */
  static missing(): string | null {
    if (process.platform !== 'linux') return 'preloading needs Linux';
    return missingProgram(['gcc']);
  }

  /** Builds the library and an empty set of rules in `dir`. */
  static create(dir: string, seed = 1): FaultDisk {
    const disk = new FaultDisk(join(dir, 'fault-disk.so'), join(dir, 'fault-disk.rules'));
    compile('fault-disk.c', disk.#library, 'library');
    const blank = Buffer.alloc(BYTES);
    blank.writeUInt32LE(MAGIC, 0);
    blank.writeBigUInt64LE(BigInt(seed), 8);
    writeFileSync(disk.#control, blank);
    return disk;
  }

  /** What a process needs in its environment to be under these rules. */
  env(): Record<string, string> {
    return { LD_PRELOAD: this.#library, FAULT_DISK_CONTROL: this.#control };
  }

  /** Replaces all rules, at once and for all processes; the counts stay. */
  set(rules: readonly FaultRule[]): void {
    assert(rules.length <= MAX_RULES, 'too many rules');
    const fd = openSync(this.#control, 'r+');
    const count = Buffer.alloc(4);
    // nobody may read a rule that is half written
    writeSync(fd, count, 0, 4, 4);
    rules.forEach((rule, i) => {
      writeSync(fd, encodeRule(rule), 0, RULE.bytes, RULE.at + i * RULE.bytes);
    });
    count.writeUInt32LE(rules.length, 0);
    writeSync(fd, count, 0, 4, 4);
    closeSync(fd);
  }

  /** How often each effect took place since `create`, as `EIO:fdatasync` → 1; what never did is absent. */
  counts(): Record<string, number> {
    const table = this.#read(HITS.at, KILLED.at - HITS.at);
    const found: Record<string, number> = {};
    EFFECTS.forEach((effect, e) => {
      OPS.forEach((op, o) => {
        const hits = Number(table.readBigUInt64LE((e * HITS.perEffect + o) * 8));
        if (hits > 0) found[`${effect}:${op}`] = hits;
      });
    });
    return found;
  }
  /** Operation and path of the last call that was answered with SIGKILL, as `fsync /a/b`; '' before that. */
  lastKilled(): string {
    const text = this.#read(KILLED.at, KILLED.bytes);
    return text.toString('utf8', 0, text.indexOf(0));
  }

  #read(at: number, bytes: number): Buffer {
    const fd = openSync(this.#control, 'r');
    const found = Buffer.alloc(bytes);
    readSync(fd, found, 0, bytes, at);
    closeSync(fd);
    return found;
  }
}
