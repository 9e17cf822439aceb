/** What a line has no room for is read on elsewhere: reasons in help, what is grave behind `e`. */
import { describe, expect, it } from 'vitest';
import { bindingsOf } from '../../../tui/keymap.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { closedNow } from '../../../tui/model/works-now.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { sixNodes, status } from '../../tui/recording.ts';
import { fresh, full, live, press, send } from './model-kit.ts';

const SIZES = [
  [120, 36],
  [80, 24],
  [60, 15],
  [44, 12],
] as const;

function boxText(model: Model, columns: number, rows: number): string {
  const { overlay } = screenOf({ model, symbols: UNICODE }, columns, rows);
  return (overlay?.rows ?? []).map((r) => textOf(r.line)).join('\n');
}

/** Everything that the open overlay shows, scrolled to its end, in one line without edges. */
function scrolled(open: Model, columns: number, rows: number): string {
  const seen: string[] = [];
  let [model, last] = [open, ''];
  for (let text = boxText(model, columns, rows); text !== last; text = boxText(model, columns, rows)) {
    seen.push(text.split('\n')[1] ?? '');
    model = press(model, 'down');
    last = text;
  }
  // the last page stays whole, and counts what is above it
  seen.push(...last.split('\n').filter((line, i) => i > 1 && !/more lines:|^└/.test(line)));
  return seen
    .map((line) => line.replaceAll('│', '').trim())
    .join(' ')
    .replaceAll(/\s+/g, ' ');
}

function headOf(model: Model, columns: number, rows: number): string {
  const { head } = screenOf({ model, symbols: UNICODE }, columns, rows);
  return head.map((r) => textOf(r.line)).join('\n');
}

/** Ten nodes of which each half names its own leader. */
function split(): Model {
  const [one] = sixNodes();
  if (one === undefined) throw new Error('no node');
  const nodes = Array.from({ length: 10 }, (_, i) => ({ ...one, node_id: `database-${i + 1}` }));
  const views = nodes.map(({ node_id }, i) => ({
    ...{ node_id, error: null, term: 8 + (i % 2), role: 'follower' as const },
    ...{ leader_id: `database-${(i % 2) + 1}`, liveness: [] },
  }));
  const told = { type: 'views' as const, views: { schemaVersion: 1 as const, agree: false, views } as never };
  return send(live(status({ nodes })), told, told)[0];
}

describe('help', () => {
  it.each(SIZES)('at %ix%i cuts no sentence and no reason why a key is closed', (columns, rows) => {
    for (const model of [full(), full({ view: 'config' }), full({ readOnly: true })]) {
      const text = scrolled(press(model, '?'), columns, rows);
      const missing = bindingsOf('main', model.view).flatMap((binding) => {
        const why = closedNow(binding, model);
        const words = why === null ? binding.help : `${binding.help} (${why})`;
        return text.includes(words.replaceAll(/\s+/g, ' ')) ? [] : [words];
      });
      expect(missing).toEqual([]);
      expect(text.match(/.{20}…/g)).toBeNull();
      expect(text).toContain('They ask first, but A, and U behind a change, act at once.');
    }
  });
});

describe('a banner that was cut', () => {
  it.each(SIZES)('at %ix%i names the key that says all of it', (columns, rows) => {
    const command = 'sqlcc op list --context prod-eu';
    const lost = `outcome unknown: failover n2: ${command} (no answer within 5 s; it may have happened)`;
    const unknown = { ...full(), unsettled: [lost, `${lost} again`] };
    expect(headOf(unknown, columns, rows)).toMatch(/… *e reads on/);
    expect(scrolled(press(unknown, 'e'), columns, rows)).toContain(`?? ${lost} ?? ${lost} again`);

    const both = split();
    expect(headOf(both, columns, rows)).toMatch(
      columns < 60 ? /… *e reads on/ : /5× database-1 t8 · 5× database-2 t9 +v/,
    );
    const words = scrolled(press(both, 'e'), columns, rows);
    for (let i = 1; i <= 10; i++) expect(words).toContain(`database-${i}`);
    expect(words).toMatch(/database-1 in term 8.*database-2 in term 9/);

    const message = 'connect ECONNREFUSED '.repeat(8);
    const failure = { code: 'unavailable', message, hint: '' };
    const gone = send(live(), { type: 'lost', failure, now: 1 })[0];
    expect(headOf(gone, columns, rows)).toMatch(/… *e reads on/);
    expect(scrolled(press(gone, 'e'), columns, rows)).toContain(`${message.trim()} `);
  });

  it.each(SIZES)('at %ix%i it is read on while nobody has answered yet', (columns, rows) => {
    const message = `none of 3 nodes can be reached: ${'a certificate '.repeat(12)}(127.0.0.1:1)`;
    const failure = { code: 'unavailable', message, hint: 'is the CA that of this cluster?' };
    const waiting = send(fresh(), { type: 'lost', failure, now: 1 })[0];
    expect(headOf(waiting, columns, rows)).toMatch(/no answer yet: .*… *e reads on/);
    expect(scrolled(press(waiting, 'e'), columns, rows)).toContain(
      `No answer yet: ${message}. What to do: is the CA that of this cluster?`,
    );
  });

  it('and one that was not names none', () => {
    const short = { ...full(), unsettled: ['outcome unknown: ack'] };
    for (const [columns, rows] of SIZES.slice(0, 2)) {
      expect(headOf(short, columns, rows)).toContain('Esc takes this away');
      expect(headOf(short, columns, rows)).not.toContain('reads on');
    }
  });
});
