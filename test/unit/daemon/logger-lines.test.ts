/** Lines of the log hold what people wrote: they can be shown as they are, and say the same when they are read. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createLogger } from '../../../daemon/logger.ts';

it('a line steers no terminal, and is the same text when it is parsed', () => {
  const dir = mkdtempSync(join(tmpdir(), 'sqlcc-log-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const hostile = 'a\u001b[2J\r\nb\u0085c\u009b31m\u202egnp.exe\u2066\u2028d\u007f名前🚨';
  const file = join(dir, 'log');
  createLogger({ current: 'info' }, file).log('info', 'audit', { reason: hostile });
  const text = readFileSync(file, 'utf8');
  expect(text.split('\n')).toHaveLength(2);
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
  expect(text).toContain('名前🚨');
  expect(JSON.parse(text)).toMatchObject({ event: 'audit', reason: hostile });
});
