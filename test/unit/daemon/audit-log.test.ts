/** Lines of the record's audit in the node's log. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AuditLog } from '../../../daemon/audit-log.ts';
import { AuditMark } from '../../../daemon/audit-mark.ts';
import type { Logger } from '../../../src/base/index.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { type Ledger, threeNodes } from '../cluster/world.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'audit-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** One life of a node that has `dir`, and what it wrote into its log. */
function life(dir: string) {
  const written: Record<string, unknown>[] = [];
  const logger = {
    log: (_level: string, event: string, fields: object) => written.push({ event, ...fields }),
  } as unknown as Logger;
  const log = new AuditLog(logger, new AuditMark(dir));
  // before its folder goes: the mark is written behind the lines
  onTestFinished(() => log.settled());
  return { log, written, seqs: () => written.map(({ seq }) => seq as number) };
}

function acknowledge(ledger: Ledger, ...ids: readonly string[]): void {
  for (const id of ids) ledger.apply({ kind: 'alert-acknowledge', id });
}

function headOf({ cluster }: Ledger): number {
  return cluster.audit.at(-1)?.seq ?? 0;
}

describe('AuditLog', () => {
  it('writes each new line once, refused ones too, none of a life before, and none is lost in a flood', async () => {
    const dir = folder();
    const ledger = threeNodes();
    acknowledge(ledger, 'of a life before');
    const mark = new AuditMark(dir);
    mark.keep(headOf(ledger));
    await mark.settled();
    const { log, written, seqs } = life(dir);
    log.follow(ledger.cluster);
    expect(written).toEqual([]);
    for (let n = 0; n < LIMITS.auditHistory + 20; n++) {
      acknowledge(ledger, `nothing-${n}`);
      if (n % 7 === 0) log.follow(ledger.cluster);
    }
    log.follow(ledger.cluster);
    log.follow(ledger.cluster);
    expect(written).toHaveLength(LIMITS.auditHistory + 20);
    expect(written[0]).toMatchObject({ event: 'audit', action: 'alert-acknowledge', target: 'nothing-0' });
    expect(String(written[0]?.['outcome'])).not.toBe('ok');
    expect(seqs()).toEqual(seqs().map((_, n) => (seqs()[0] as number) + n));
  });

  it('writes after a crash what was applied and not written, or came while it was down', async () => {
    const dir = folder();
    const ledger = threeNodes();
    const before = life(dir);
    before.log.follow(ledger.cluster);
    await before.log.settled();
    const last = headOf(ledger);
    // applied, and killed before anybody looked
    acknowledge(ledger, 'x', 'y');
    const next = life(dir);
    next.log.follow(ledger.cluster);
    expect(next.seqs()).toEqual([last + 1, last + 2]);
    await next.log.settled();
    const third = life(dir);
    third.log.follow(ledger.cluster);
    expect(third.written).toEqual([]);
    expect(readdirSync(dir)).toEqual(['audit-logged.json']);
  });

  it('writes nothing twice while a record that is behind is applied once more', async () => {
    const dir = folder();
    const ledger = threeNodes();
    const behind = ledger.cluster;
    acknowledge(ledger, 'x');
    const before = life(dir);
    before.log.follow(ledger.cluster);
    await before.log.settled();
    const next = life(dir);
    for (const cluster of [behind, ledger.cluster]) next.log.follow(cluster);
    acknowledge(ledger, 'y');
    next.log.follow(ledger.cluster);
    expect(next.seqs()).toEqual([headOf(ledger)]);
  });

  it('writes all that the record holds where the mark is missing or damaged', async () => {
    const dir = folder();
    const ledger = threeNodes();
    acknowledge(ledger, 'x');
    const all = ledger.cluster.audit.map(({ seq }) => seq);
    for (const text of [null, '{', '{"seq": "4"}', '{"seq": 4, "checksum": "0"}']) {
      if (text !== null) writeFileSync(join(dir, 'audit-logged.json'), text);
      const { log, seqs } = life(dir);
      log.follow(ledger.cluster);
      expect(seqs(), `${text}`).toEqual(all);
      await log.settled();
    }
  });

  it('is not held up by a disk that takes nothing', async () => {
    const { log, seqs } = life(join(folder(), 'nowhere'));
    const ledger = threeNodes();
    log.follow(ledger.cluster);
    await log.settled();
    acknowledge(ledger, 'x');
    log.follow(ledger.cluster);
    await log.settled();
    expect(seqs()).toEqual(ledger.cluster.audit.map(({ seq }) => seq));
  });
});
