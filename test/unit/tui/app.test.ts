import { describe, expect, it } from 'vitest';
import { node, plan, START, status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { fresh, live, press, send } from './model-kit.ts';
import { renderAt } from './render-at.ts';

describe('App', () => {
  it.each(SIZES)('App fills %ix%i and never a row more', async (columns, rows) => {
    for (const model of [fresh(), live(), press(live(), '?'), press(live(), 'enter'), press(live(), 'F')]) {
      const lines = (await renderAt(columns, rows, model)).split('\n');
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
  });

  it('App says what it waits for before the first picture', async () => {
    expect(await renderAt(80, 24, fresh())).toContain('asking the cluster');
    const failure = { code: 'unavailable', message: 'connection refused', hint: '' };
    const failed = send(fresh(), { type: 'lost', failure, now: START })[0];
    expect(await renderAt(80, 24, failed)).toContain('no answer yet: connection refused');
  });

  it('App dims nothing away: a stale picture keeps its rows and marks them', async () => {
    const stale = send(live(), { type: 'tick', now: START + 60_000, mono: 1 })[0];
    const frame = await renderAt(120, 36, stale);
    expect(frame).toContain('STALE 1m00s');
    expect(frame).toContain('~● n2');
  });

  it('App shows a refused plan with its reasons and no way to run it', async () => {
    const asked = press(live(), 'F');
    const dialogId = asked.overlay?.kind === 'action' ? asked.overlay.id : 0;
    const checks = [{ name: 'quorum', result: 'fail' as const, text: 'only 2 of 5 voters are up' }];
    const refused = plan({ allowed: false, checks, candidates: [], to: null });
    const shown = send(asked, { type: 'planned', dialogId, plan: refused, mono: 0 })[0];
    const frame = await renderAt(120, 36, shown);
    expect(frame).toContain('✖ only 2 of 5 voters are up');
  });

  it('App draws a thousand nodes as fast as a few', async () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => node(`n${i + 1}`));
    const frame = await renderAt(120, 36, live(status({ nodes })));
    expect(frame).toContain('Nodes 1000');
    expect(frame.split('\n').length).toBeLessThanOrEqual(36);
  });
});
