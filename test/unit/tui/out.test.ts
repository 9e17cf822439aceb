import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellWidth } from '../../../tui/format/width.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import type { Model } from '../../../tui/model/model.ts';
import { VIEW_IDS } from '../../../tui/model/views.ts';
import { cellsOf } from '../../../tui/out/cells.ts';
import { copyFile, osc52 } from '../../../tui/out/osc52.ts';
import { asAnsi, asSvg, asText } from '../../../tui/out/picture.ts';
import { chooseLook } from '../../../tui/theme/look.ts';
import { event, node, START, status } from '../../tui/recording.ts';
import { full, live, press, send } from './model-kit.ts';

const look = chooseLook({}, {});

function grid(model: Model, columns = 80, rows = 24, drawn = look) {
  return cellsOf(screenOf({ model, symbols: drawn.symbols }, columns, rows), drawn);
}

describe('cellsOf', () => {
  it('cellsOf fills exactly the terminal, with views, overlays and wide letters', () => {
    for (const view of VIEW_IDS) {
      for (const model of [{ ...full(), view }, press({ ...full(), view }, '?')]) {
        const cells = grid(model);
        expect(cells).toHaveLength(24);
        for (const line of asText(cells).trimEnd().split('\n'))
          expect(cellWidth(line)).toBeLessThanOrEqual(80);
      }
    }
    const wide = grid(live(status({ nodes: [node('節点一')] })));
    expect(asText(wide)).toContain('節点一');
    for (const row of wide) expect(row).toHaveLength(80);
  });
});

describe('pictures', () => {
  it('asText, asAnsi and asSvg say the same', () => {
    const cells = grid(live());
    const text = asText(cells);
    const ansi = stripVTControlCharacters(asAnsi(cells));
    expect(
      ansi
        .split('\n')
        .map((l) => l.trimEnd())
        .join('\n'),
    ).toBe(text);
    const svg = asSvg(cells, 'a & b');
    expect(svg).toContain('<title>a &#38; b</title>');
    for (const name of ['n1', 'n6', 'Leader', 'QUORUM', 'MAINT 48m left'])
      if (text.includes(name)) expect(svg).toContain(name);
    expect(svg.match(/<text /g)?.length).toBeGreaterThan(40);
  });

  it('asAnsi has colours, and none under NO_COLOR', () => {
    expect(asAnsi(grid(live()))).toContain('\u001b[32;1m');
    expect(asAnsi(grid(live(), 80, 24, chooseLook({}, { NO_COLOR: '1' })))).not.toMatch(/\[[\d;]*3\d/);
  });

  it('no screen, whatever its names and messages are, holds what a terminal or a browser obeys', () => {
    const words = fc.constantFrom(
      '\u001b[2J',
      '\u001b]0;x\u0007',
      '\u009b31m',
      '\u202e',
      '\u2066',
      '\r\n',
      '\u0000',
      '<b>',
      '&',
      '"',
      '節',
      'e\u0301',
      '👩‍👩‍👧',
    );
    const hostile = fc.array(fc.oneof(words, fc.string({ unit: 'binary', maxLength: 6 })), { maxLength: 6 });
    fc.assert(
      fc.property(hostile, fc.constantFrom(...VIEW_IDS), fc.boolean(), (parts, view, ascii) => {
        const text = parts.join('');
        const base = status();
        const nodes = [node(text, { zone: text, version: text, host: text }), node('n2')];
        const cluster = { ...base.cluster, name: text, health: 'degraded' as const, reasons: [text] };
        const elections = base.elections.map((e) => ({ ...e, node_id: text, cause: text, votes: [text] }));
        const model = send(
          { ...live(status({ cluster, nodes, elections, operation: text })), view },
          { type: 'events', events: [event(0, text, text || 'x', text)], now: START },
          { type: 'tick', now: START, mono: 1 },
        )[0];
        const drawn = chooseLook(ascii ? { ascii } : {}, {});
        const cells = grid(model, 120, 36, drawn);
        const shown = asText(cells).replaceAll('\n', '');
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/);
        if (ascii) expect(shown).toMatch(/^[\x20-\x7e]*$/);
        const svg = asSvg(cells, text).replace(/<title>[^<]*<\/title>/, '');
        expect(svg.replace(/<(\/?(svg|g|rect|text))[^<>]*>/g, '')).not.toMatch(/[<>]/);
      }),
      { numRuns: 60 },
    );
  });
});

describe('osc52', () => {
  it('osc52 carries the text as it is, wrapped for tmux, and refuses what terminals would drop', () => {
    const coded = Buffer.from('é\u001b').toString('base64');
    expect(osc52('é\u001b', {})).toBe(`\u001b]52;c;${coded}\u0007`);
    expect(osc52('x', { TMUX: '/tmp/t' })).toBe('\u001bPtmux;\u001b\u001b]52;c;eA==\u0007\u001b\\');
    expect(osc52('x'.repeat(60_000), {})).toBeNull();
  });

  it('osc52 goes through GNU screen in short pieces that together are the sequence', () => {
    const text = 'é'.repeat(300);
    const wrapped = osc52(text, { STY: '1.pts', TERM: 'screen' }) ?? '';
    const pieces = [...wrapped.matchAll(/\u001bP(.*?)\u001b\\/g)].map(([, piece = '']) => piece);
    expect(pieces.map((p) => `\u001bP${p}\u001b\\`).join('')).toBe(wrapped);
    for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(76);
    expect(pieces.join('')).toBe(osc52(text, {}));
    expect(osc52('x', { TMUX: '/t', STY: '1' })).toBe(osc52('x', { TMUX: '/t' }));
  });

  it('copyFile keeps the text in a private file', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sqlcc-copy-'));
    const path = copyFile('secret', join(dir, 'new'), 'copied.txt');
    expect(readFileSync(path, 'utf8')).toBe('secret');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    rmSync(dir, { recursive: true });
  });
});
