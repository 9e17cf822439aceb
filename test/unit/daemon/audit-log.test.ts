/** Lines of the record's audit in the node's log. */
import { describe, expect, it } from 'vitest';
import { AuditLog } from '../../../daemon/audit-log.ts';
import type { Logger } from '../../../src/base/index.ts';
import { LIMITS } from '../../../src/base/index.ts';
import { threeNodes } from '../cluster/world.ts';

describe('AuditLog', () => {
  it('writes each new line once, refused ones too, none of a life before, and none is lost in a flood', () => {
    const written: Record<string, unknown>[] = [];
    const logger = {
      log: (_level: string, event: string, fields: object) => written.push({ event, ...fields }),
    } as unknown as Logger;
    const ledger = threeNodes();
    ledger.apply({ kind: 'alert-acknowledge', id: 'of a life before' });
    const log = new AuditLog(logger);
    log.follow(ledger.cluster);
    expect(written).toEqual([]);
    for (let n = 0; n < LIMITS.auditHistory + 20; n++) {
      ledger.apply({ kind: 'alert-acknowledge', id: `nothing-${n}` });
      if (n % 7 === 0) log.follow(ledger.cluster);
    }
    log.follow(ledger.cluster);
    log.follow(ledger.cluster);
    expect(written).toHaveLength(LIMITS.auditHistory + 20);
    expect(written[0]).toMatchObject({ event: 'audit', action: 'alert-acknowledge', target: 'nothing-0' });
    expect(String(written[0]?.['outcome'])).not.toBe('ok');
    const seqs = written.map(({ seq }) => seq as number);
    expect(seqs).toEqual(seqs.map((_, n) => (seqs[0] as number) + n));
  });
});
