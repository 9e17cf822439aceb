import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startApi } from './api-fixture.ts';
import { NodeFolders } from './node-folders.ts';

const YEAR_MS = 365 * 86_400_000;
const leavings: (() => unknown)[] = [];

afterEach(async () => {
  for (let leave = leavings.pop(); leave !== undefined; leave = leavings.pop()) await leave();
});

/** Asks over one connection that was verified while all was well; resolves to the status. */
async function verified(): Promise<() => Promise<number>> {
  const folders = await NodeFolders.create();
  leavings.push(() => folders.remove());
  const { endpoint, server } = await startApi(folders, { leader: async () => ({ body: {} }) });
  leavings.push(() => server.stop(50));
  const { cert, key } = await folders.person('admin', 'admin');
  const session = connect(`https://${endpoint}`, { ca: folders.authority.certPem, cert, key });
  leavings.push(() => session.destroy());
  await once(session, 'connect');
  return async () => {
    const stream = session.request({ ':path': '/v1/leader' });
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>];
    stream.close();
    return Number(headers[':status']);
  };
}

describe('Caller', { timeout: 20_000 }, () => {
  it('refuses while the clock is wrong, and not a moment longer', async () => {
    const ask = await verified();
    const clock = vi.spyOn(Date, 'now');
    leavings.push(() => clock.mockRestore());
    for (const offMs of [-YEAR_MS, YEAR_MS]) {
      clock.mockReturnValue(performance.timeOrigin + performance.now() + offMs);
      expect(await ask()).toBe(401);
    }
    clock.mockRestore();
    expect(await ask()).toBe(200);
  });
});
