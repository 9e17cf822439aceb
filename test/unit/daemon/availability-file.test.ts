import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { AvailabilityFile } from '../../../daemon/availability-file.ts';

const WALL = 1_800_000_000_000;
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sqlcc-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const monthOf = (file: AvailabilityFile) => file.report(WALL).windows.at(-1);

it('AvailabilityFile recalls what was seen before a stop, and before a kill but for the last minute', async () => {
  const first = new AvailabilityFile(dir, 0);
  first.heard({ observedMs: 50_000, servingMs: 45_000 }, { wall: WALL, now: 50_000 });
  expect(monthOf(new AvailabilityFile(dir, 0))).toMatchObject({ observedMs: 0 });
  first.heard({ observedMs: 60_000, servingMs: 55_000 }, { wall: WALL, now: 60_000 });
  await vi.waitFor(() => expect(monthOf(new AvailabilityFile(dir, 0))).toMatchObject({ observedMs: 60_000 }));

  const second = new AvailabilityFile(dir, 0);
  second.heard({ observedMs: 3000, servingMs: 3000 }, { wall: WALL + 100_000, now: 3000 });
  second.close();
  const third = new AvailabilityFile(dir, 0);
  expect(monthOf(third)).toMatchObject({ observedMs: 63_000, servingMs: 58_000 });
  expect(third.report(WALL).budgetMs).toBeCloseTo(259_200 - 5000);
});

it('AvailabilityFile begins anew with a file that is damaged, and lives without a folder', () => {
  const file = new AvailabilityFile(dir, 0);
  file.heard({ observedMs: 5000, servingMs: 5000 }, { wall: WALL, now: 5000 });
  file.close();
  const path = join(dir, 'availability.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace('5000', '6000'));
  expect(monthOf(new AvailabilityFile(dir, 0))).toMatchObject({ observedMs: 0 });
  writeFileSync(path, '{"slices":["x y z", 7]}');
  expect(monthOf(new AvailabilityFile(dir, 0))).toMatchObject({ observedMs: 0 });
  const nowhere = new AvailabilityFile(join(dir, 'none'), 0);
  nowhere.heard({ observedMs: 90_000, servingMs: 90_000 }, { wall: WALL, now: 90_000 });
  nowhere.close();
  expect(monthOf(nowhere)).toMatchObject({ observedMs: 90_000 });
});
