import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ToldFile } from '../../../daemon/told-file.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'told-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

describe('ToldFile', () => {
  it('recalls what was kept last, and nothing once that is nothing', async () => {
    const dir = folder();
    const file = new ToldFile(dir);
    expect(file.recall()).toBeNull();
    file.keep({ incident: 'term-4', channels: [] });
    file.keep({ incident: 'term-4', channels: ['slack'] });
    await file.settled();
    expect(new ToldFile(dir).recall()).toEqual({ incident: 'term-4', channels: ['slack'] });
    file.keep(null);
    await file.settled();
    expect(new ToldFile(dir).recall()).toBeNull();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('takes damage for nothing, and a disk that takes nothing for no trouble', async () => {
    const dir = folder();
    for (const text of ['{', '{"incident": 4}', '{"incident": "term-4", "channels": [], "checksum": "0"}']) {
      writeFileSync(join(dir, 'told.json'), text);
      expect(new ToldFile(dir).recall(), text).toBeNull();
    }
    const nowhere = new ToldFile(join(dir, 'nowhere'));
    nowhere.keep({ incident: 'term-4', channels: [] });
    await nowhere.settled();
    expect(nowhere.recall()).toBeNull();
  });
});
