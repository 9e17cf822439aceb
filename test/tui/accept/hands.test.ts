/** Acceptance on real daemons, in a real terminal: hands that type, paste and hold what they should not. */
import { describe, expect, it } from 'vitest';
import { bindingsOf } from '../../../tui/keymap.ts';
import { VIEWS } from '../../../tui/model/views.ts';
import { sharedCluster } from '../../cluster/harness.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { pause } from '../pty.ts';
import { tell, top, WHOLE } from './kit.ts';

const skipped = skipVisibly(
  'orders, pages and held keys on the screen of real daemons',
  WHOLE ? null : 'npm run accept:tui plays it',
);

describe.skipIf(skipped)('keys that nobody meant', () => {
  const shared = sharedCluster(3);

  it('3: typed orders, pasted pages and held keys change nothing in any view but an acknowledgement', async () => {
    const cluster = shared();
    await cluster.untilHealthy();
    const state = async () => {
      const client = cluster.client();
      const [{ operations }, { records }, { versions }] = await Promise.all([
        client.operations(),
        client.audit(),
        client.configVersions(),
      ]);
      const acts = records.filter((r) => r.action !== 'alert-acknowledge').length;
      return `${operations.length} operations, ${acts} acts, ${versions.length} versions`;
    };
    const before = await state();
    const terminal = await top(cluster.contextFile);
    const order = 'FAILOVER NOW y\r';
    let held = 0;
    for (const { id, key } of VIEWS) {
      const view = async () => {
        terminal.type('\x1b');
        await pause(30);
        if (key !== null) terminal.type(key);
        else terminal.type('1');
        await pause(30);
        if (key === null) terminal.type('\r');
        await pause(30);
      };
      await view();
      for (const letter of order) terminal.type(letter);
      await view();
      terminal.type(order);
      terminal.type(`\x1b[200~${order.repeat(20)}\x1b[201~`);
      await pause(100);
      // quit, suspend and interrupt leave the screen; all else is held, what acts for longer than a dialog is deaf
      const acts = new Set(bindingsOf('main', id).flatMap((b) => (b.level === undefined ? [] : b.keys)));
      for (let code = 32; code < 127; code++) {
        const letter = String.fromCharCode(code);
        if (letter === 'q') continue;
        await view();
        const times = acts.has(letter) || letter === 'y' ? 40 : 8;
        for (let n = 0; n < times; n++) {
          terminal.type(letter);
          await pause(times === 40 ? 20 : 3);
        }
        held++;
      }
    }
    expect(terminal.exitCode, 'it still runs').toBeNull();
    expect(await state()).toBe(before);
    tell('keys held', held);
  }, 400_000);
});
