import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../../src/base/index.ts';

describe('shellWord', () => {
  it('shellWord is read by a shell as the very text, whatever is in it', () => {
    const texts = [
      'n2',
      '',
      'a b',
      "it's",
      '$(id)',
      '`id`',
      '"x" \\ !',
      '*',
      '~',
      'a;b|c&d',
      '#x',
      "'''",
      'ü\n€',
    ];
    const script = texts.map((text) => `printf '%s\\0' ${shellWord(text)}`).join('; ');
    const read = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
    expect(read.split('\0').slice(0, -1)).toEqual(texts);
  });

  it('shellWord leaves plain words plain', () => {
    for (const text of ['n2', 'raft.heartbeat_interval_ms=40', '/etc/sqlcc/a-b.yaml', '1h'])
      expect(shellWord(text)).toBe(text);
  });
});
