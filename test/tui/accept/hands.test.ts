/** Acceptance on real daemons, in a real terminal: hands that type, paste and hold what they should not. */
import { describe, expect, it } from 'vitest';
import { bindingsOf } from '../../../tui/keymap.ts';
import { VIEWS, type ViewSpec } from '../../../tui/model/views.ts';
import { sharedCluster } from '../../cluster/harness.ts';
import { skipVisibly } from '../../lab/skip.ts';
import { pause, type Terminal } from '../pty.ts';
import { tell, top, WHOLE } from './kit.ts';

const skipped = skipVisibly(
  'orders, pages and held keys on the screen of real daemons',
  WHOLE ? null : 'npm run accept:tui plays it',
);

const HOLD_MS = 3000;
/** As a keyboard repeats a key that is held. */
const REPEAT_MS = 33;
/** Between two keys of a quick typist. */
const LETTER_MS = 60;
/** Screens side by side, each with views of its own. */
const LANES = 5;
const ORDER = 'FAILOVER NOW y\r';

/** What begins a change in some view, and what may confirm one: held long in every view. */
const MATTER = new Set([
  ...VIEWS.flatMap(({ id }) => bindingsOf('main', id).flatMap((b) => (b.level === undefined ? [] : b.keys))),
  ...['y', ' ', '\r', '\t'],
]);
/** All but `q`, which leaves the screen. */
const KEYS = [...Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)), '\r', '\t'].filter(
  (key) => key !== 'q',
);

async function goTo(terminal: Terminal, { key }: ViewSpec): Promise<void> {
  for (const press of ['\x1b', key ?? '1', ...(key === null ? ['\r'] : [])]) {
    terminal.type(press);
    await pause(30);
  }
}

async function hold(terminal: Terminal, key: string): Promise<void> {
  if (!MATTER.has(key)) {
    for (let n = 0; n < 8; n++) {
      terminal.type(key);
      await pause(3);
    }
    return;
  }
  for (const end = performance.now() + HOLD_MS; performance.now() < end; await pause(REPEAT_MS))
    terminal.type(key);
}

interface Told {
  readonly held: number;
  /** How often a dialog stood there behind a held key. */
  readonly dialogs: number;
  /** Whether the typed order was seen to open the failover dialog. */
  readonly opened: boolean;
}

/** Letter by letter, as a hand types: each is read by itself, the plan may be there before the next. */
async function order(terminal: Terminal): Promise<boolean> {
  let opened = false;
  for (const letter of ORDER) {
    terminal.type(letter);
    await pause(LETTER_MS);
    opened ||= terminal.text().includes('FAILOVER ·');
  }
  return opened;
}

/** Orders, pages and held keys in one view. */
async function handsIn(terminal: Terminal, view: ViewSpec): Promise<Told> {
  await goTo(terminal, view);
  const opened = await order(terminal);
  await goTo(terminal, view);
  terminal.type(ORDER);
  terminal.type(`\x1b[200~${ORDER.repeat(20)}\x1b[201~`);
  await pause(100);
  let dialogs = 0;
  for (const key of KEYS) {
    await goTo(terminal, view);
    await hold(terminal, key);
    if (/Cancel/.test(terminal.text())) dialogs++;
  }
  return { held: KEYS.length, dialogs, opened };
}

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
    const lanes = Array.from({ length: LANES }, async (_, lane) => {
      const terminal = await top(cluster.contextFile);
      const told = [];
      for (const view of VIEWS.filter((_v, i) => i % LANES === lane))
        told.push(await handsIn(terminal, view));
      expect(terminal.exitCode, 'it still runs').toBeNull();
      return told;
    });
    const told = (await Promise.all(lanes)).flat();
    const sum = (of: (one: (typeof told)[number]) => number) => told.reduce((n, one) => n + of(one), 0);
    expect(told).toHaveLength(VIEWS.length);
    expect(await state()).toBe(before);
    tell('keys held, of them for 3 s', `${sum((t) => t.held)} ${VIEWS.length * MATTER.size}`);
    tell(
      'dialogs that stood there behind a held key',
      sum((t) => t.dialogs),
    );
    tell(
      'views in which the typed order opened the dialog',
      sum((t) => Number(t.opened)),
    );
    // hands that reach nothing would prove nothing
    expect(sum((t) => Number(t.opened))).toBeGreaterThan(VIEWS.length / 2);
    expect(sum((t) => t.dialogs)).toBeGreaterThan(VIEWS.length);
  }, 600_000);
});
