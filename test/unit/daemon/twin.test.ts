import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Succession, twinConflict } from '../../../daemon/twin.ts';
import { HttpClient } from '../../../src/rpc/index.ts';
import { record } from '../cluster/world.ts';
import { startApi, type TestApi } from '../rpc/api-fixture.ts';
import { NodeFolders } from '../rpc/node-folders.ts';

let folders: NodeFolders;
let original: TestApi;
let http: HttpClient;
const STARTED = '2026-01-02T03:04:05.000Z';

beforeAll(async () => {
  folders = await NodeFolders.create();
  http = new HttpClient(await folders.person('admin', 'admin'));
  const body = {
    schemaVersion: 1,
    version: '0',
    protocol: 1,
    node_id: 'n1',
    boot_counter: 4,
    started_at: STARTED,
  };
  original = await startApi(folders, { version: async () => ({ body }) });
});
afterAll(async () => {
  await http.close();
  await original.server.stop(50);
  folders.remove();
});

const place = () => ({ host: '127.0.0.1', port: original.server.port });
const claim = (changes: Partial<Parameters<typeof twinConflict>[1]> = {}) => ({
  ...{ nodeId: 'n1', bootCounter: 5, startedAt: null, host: '10.0.0.9', port: 5433 },
  ...changes,
});

describe('twinConflict', () => {
  it('names both addresses while another start answers at the recorded one', async () => {
    const conflict = await twinConflict(http, claim(), place());
    expect(conflict).toMatchObject({ code: 'conflict' });
    expect(conflict?.message).toContain(`127.0.0.1:${original.server.port}`);
    expect(conflict?.message).toContain('10.0.0.9:5433');
  });

  it.each([
    ['the claimant itself under another name of its host', { bootCounter: 4 }],
    ['the claimant itself, by its start', { bootCounter: 4, startedAt: STARTED }],
    ['another node that has the address now', { nodeId: 'n2' }],
  ])('is null for %s', async (_who, changes) => {
    expect(await twinConflict(http, claim(changes), place())).toBeNull();
  });

  it('is a conflict for a copy that counts the same start', async () => {
    const copy = claim({ bootCounter: 4, startedAt: '2026-01-02T03:04:06.000Z' });
    expect(await twinConflict(http, copy, place())).toMatchObject({ code: 'conflict' });
  });

  it('is null where nobody answers, and asks nobody for the address that stands', async () => {
    expect(await twinConflict(http, claim(), { host: '127.0.0.1', port: 1 })).toBeNull();
    expect(await twinConflict(http, claim(place()), place())).toBeNull();
    expect(await twinConflict(http, claim(), undefined)).toBeNull();
  });
});

describe('Succession', () => {
  const self = { nodeId: 'n2', instanceId: 'i-n2', bootCounter: 4 };
  const another = record('n2', { instanceId: 'other' });

  it('lets the recorded start and later ones run, and stops earlier ones and other disks', () => {
    const succession = new Succession();
    expect(succession.look(undefined, self)).toBeNull();
    for (const bootCounter of [0, 3, 4])
      expect(succession.look(record('n2', { bootCounter }), self)).toBeNull();
    expect(succession.look(record('n2', { bootCounter: 5 }), self)?.message).toContain('10.0.0.1:5420');
    expect(succession.look(another, self)).toMatchObject({ code: 'conflict' });
    expect(new Succession().look(another, self)).toMatchObject({ code: 'conflict' });
  });

  it('lets a new disk read of the removed node that had its name, and stops it for one that comes later', () => {
    const succession = new Succession();
    const fresh = { ...self, bootCounter: 1 };
    expect(succession.look(another, fresh)).toBeNull();
    expect(succession.look(undefined, fresh)).toBeNull();
    expect(succession.look(record('n2', { bootCounter: 0 }), fresh)).toBeNull();
    expect(succession.look(record('n2', { bootCounter: 2 }), fresh)).toMatchObject({ code: 'conflict' });
    expect(succession.look(another, fresh)).toMatchObject({ code: 'conflict' });
  });
});
