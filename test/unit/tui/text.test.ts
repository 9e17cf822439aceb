/** The texts of `--once`, `--batch` and `--plain`: at every width all that is said is whole, and no key is named. */
import { describe, expect, it } from 'vitest';
import { textPicture } from '../../../tui/batch/text.ts';
import { cellWidth } from '../../../tui/format/width.ts';
import type { Model } from '../../../tui/model/model.ts';
import type { TextView } from '../../../tui/options.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { START, status } from '../../tui/recording.ts';
import { alone, disagreeing, fresh, full, live, send } from './model-kit.ts';

const VIEWS: readonly TextView[] = [
  ...(['topology', 'raft', 'alerts', 'config', 'events', 'log', 'operations', 'node'] as const),
];
const WIDTHS = Array.from({ length: 100 }, (_, i) => 44 + i);

/** As the generator of a cluster calls them. */
function seeded(model: Model): Model {
  return JSON.parse(JSON.stringify(model).replace(/\bn([1-7])\b/g, 'node-00$1')) as Model;
}

function text(model: Model, cells = 80, view: TextView = 'topology'): string {
  return textPicture({ model, symbols: UNICODE }, { cells, view });
}

const joined = (words: string): string => words.replaceAll(/\s+/g, ' ');

function paused(): Model {
  const entry = {
    owner: 'anna',
    reason: 'the switch is changed',
    expires: '2026-03-04T13:00:00Z',
    since: '',
  };
  const tentative = { version: 42, previous: 41, expires: '2026-03-04T12:09:31.000Z' };
  const picture = { ...status({ config: { version: 42, tentative }, operation: 'op-7' }), pause: entry };
  return live(picture as ReturnType<typeof status>);
}

function lost(): Model {
  const failure = { code: 'unavailable', message: 'connection refused', hint: '' };
  return send(full(), { type: 'lost', failure, now: START + 1000 })[0];
}

const MODELS: Readonly<Record<string, () => Model>> = {
  ...{ full, alone, paused, disagreeing, lost, connecting: fresh },
  'on trial': () => {
    const tentative = { version: 42, previous: 41, expires: '2026-03-04T12:09:31.000Z' };
    return send(full(), {
      type: 'status',
      status: status({ config: { version: 42, tentative } }),
      now: START,
    })[0];
  },
  viewer: () => full({ readOnly: true }),
  filtered: () => full({ filter: { text: 'zone:eu-a', editing: false } }),
};

describe('textPicture', () => {
  it('is at every width no wider, and its head names the leader whole, apart from what stands beside it', () => {
    for (const cells of WIDTHS)
      for (const [model, leader] of [
        [full(), '★ n1 '],
        [seeded(full()), '★ node-001 '],
      ] as const) {
        const lines = text(model, cells).trimEnd().split('\n');
        for (const line of lines) expect(cellWidth(line), `${cells}: ${line}`).toBeLessThanOrEqual(cells);
        const [head = ''] = lines;
        expect(head, String(cells)).toContain(leader);
        expect(head, String(cells)).toMatch(/ ● LIVE$/);
        expect(head, String(cells)).not.toMatch(/\Svia/);
      }
  });

  it('has every reason whole in lines of its own, and what goes on', () => {
    for (const cells of [44, 60, 80, 120]) {
      const told = text(full(), cells);
      expect(told).toMatch(/^ ! {2}degraded: n5 is dead$/m);
      expect(joined(told)).toContain(
        'is firing n3 is degraded: disk takes 312 ms to sync n6 in maintenance 48m left',
      );
      const pause = joined(text(paused(), cells));
      expect(pause).toContain('|| paused by anna until 13:00:00: the switch is changed');
      expect(pause).toContain('config v42 on trial: v41 again at 12:09:31 unless it is kept');
      expect(pause).toContain('operation op-7 runs');
      const split = joined(text(disagreeing(), cells));
      expect(split).toMatch(/VIEWS DISAGREE: n6: n6 t8 n1 n2 n3 n4: n1 t9 ! degraded/);
      expect(joined(text(lost(), cells))).toContain('connection refused · trying others, attempt');
    }
  });

  it('cuts nothing of elections, which no key moves sideways', () => {
    for (const cells of [44, 50, 60]) {
      const told = text(full(), cells);
      for (const column of ['NO LEADER', 'CAUSE', '231 ms', 'n5 heartbeat lost', 'n1 n2 n3 n5 n6'])
        expect(told, String(cells)).toContain(column);
      expect(told.slice(told.indexOf('QUORUM')), String(cells)).not.toContain('…');
    }
  });

  it('names no key, for there is none to be pressed', () => {
    for (const [name, make] of Object.entries(MODELS))
      for (const view of VIEWS)
        for (const cells of [60, 200])
          expect(text(make(), cells, view), `${name} ${view}`).not.toMatch(
            /reads on|ends it|keeps it|takes this away|compares|another node|READ-ONLY|: resume|begins one|cancels it|\+ -/,
          );
  });

  it('shows of each view what the screen shows of it', () => {
    const raft = joined(text(full(), 120, 'raft'));
    expect(raft).toMatch(/TERMS t7 .*led 99\.\d+ % ELECTIONS .*TERM 9 .*votes n1 n2 n3 n6/);
    expect(raft).toMatch(
      /231 ms ★ n1 leads term 9.* LINKS RTT ms p50\/p99, row to column n1 n2 n3 n4 n5 n6 n1 · 2\.8\/5\.0 4/,
    );
    const config = joined(text(full(), 120, 'config'));
    expect(config).toMatch(/CONFIG v41 active · runs on 4\/6 .*v40 .*DIFF v40 → v41 .*waits for a restart/);
    const operations = joined(text(full(), 120, 'operations'));
    expect(operations).toMatch(/OPERATIONS 1 running .*12:04:27 running .*Same as: sqlcc op show op-8/);
    const node = joined(text(full({ selected: 'n3' }), 120, 'node'));
    expect(node).toMatch(
      /n3 · eu-b · degraded .*address 10\.0\.0\.1:5433 .*METRICS now min p99 max cpu % 88\.1/,
    );
  });
});
