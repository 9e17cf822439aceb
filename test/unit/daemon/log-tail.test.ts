import { describe, expect, it } from 'vitest';
import { LogTail } from '../../../daemon/log-tail.ts';
import { createLogger } from '../../../daemon/logger.ts';
import { LIMITS, type Timestamp } from '../../../src/base/index.ts';

const line = (n: number) => ({ at: n as Timestamp, level: 'info' as const, event: `e${n}`, fields: {} });

describe('LogTail', () => {
  it('LogTail keeps the newest lines, oldest first, and never more than its limit', () => {
    const tail = new LogTail();
    for (let n = 0; n < 1000; n++) tail.add(line(n));
    expect(tail.lines()).toHaveLength(LIMITS.logTail);
    expect(tail.lines()[0]?.event).toBe(`e${1000 - LIMITS.logTail}`);
    expect(tail.lines().at(-1)?.event).toBe('e999');
  });

  it('LogTail cuts long fields', () => {
    const tail = new LogTail();
    tail.add({ ...line(1), fields: { error: 'x'.repeat(5000), ms: 3 } });
    expect(String(tail.lines()[0]?.fields['error']).length).toBe(301);
    expect(tail.lines()[0]?.fields['ms']).toBe(3);
  });

  it('createLogger puts into it what it writes, and nothing below the level', () => {
    const tail = new LogTail();
    const logger = createLogger({ current: 'warn' }, '/dev/null', tail);
    logger.log('info', 'quiet');
    logger.log('error', 'loud', { node: 'n1' });
    expect(tail.lines().map((l) => [l.level, l.event, l.fields])).toEqual([
      ['error', 'loud', { node: 'n1' }],
    ]);
  });
});
