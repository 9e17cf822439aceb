import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RememberingClient } from '../../../src/cli/remembering-client.ts';
import { MemoryCluster } from '../client/memory-cluster.ts';

describe('RememberingClient', () => {
  it('keeps the addresses that it learns at once, not when it is closed, and once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sqlcc-memory-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const memory = join(folder, 'endpoints.json');
    const cluster = new MemoryCluster(3);
    const [first = ''] = cluster.endpoints;
    const client = new RememberingClient({ endpoints: [first], ca: '' }, memory, cluster);
    onTestFinished(() => client.close());
    expect(existsSync(memory)).toBe(false);
    await client.status();
    expect(JSON.parse(readFileSync(memory, 'utf8'))).toEqual(cluster.endpoints);
    rmSync(memory);
    await client.status();
    expect(existsSync(memory), 'nothing new was learned').toBe(false);
  });
});
