import { describe, expect, it } from 'vitest';
import { type Column, factLines, tableLines } from '../../../src/cli/output/table.ts';
import { safe, widthOf } from '../../../src/cli/output/width.ts';

interface Row {
  readonly name: string;
  readonly lag: number | null;
  readonly zone: string;
}
const COLUMNS: readonly Column<Row>[] = [
  { name: 'NAME', of: (r) => r.name },
  { name: 'LAG', of: (r) => r.lag, align: 'right' },
  { name: 'STATE', of: () => ({ text: 'alive', tone: 'good' }) },
  { name: 'ZONE', of: (r) => r.zone, wide: true },
];
const ROWS: readonly Row[] = [
  { name: 'n1', lag: 0, zone: 'a' },
  { name: 'node-seventeen', lag: 12_345, zone: '' },
  { name: '节点', lag: null, zone: 'b' },
];
const draw = (wide: boolean, color = false) => tableLines(COLUMNS, ROWS, { wide, color });

describe('tableLines', () => {
  it('tableLines aligns columns by what the eye sees and ends no line in a space', () => {
    expect(draw(false)).toEqual([
      'NAME              LAG  STATE',
      'n1                  0  alive',
      'node-seventeen  12345  alive',
      '节点                -  alive',
    ]);
  });

  it('tableLines adds the wide columns last', () => {
    expect(draw(true).slice(0, 3)).toEqual([
      'NAME              LAG  STATE  ZONE',
      'n1                  0  alive  a',
      'node-seventeen  12345  alive  -',
    ]);
  });

  it('tableLines keeps its columns in place with colours on', () => {
    const bare = draw(true, true).map((line) => line.replaceAll(/\u001b\[\d+m/g, ''));
    expect(bare).toEqual(draw(true));
    expect(draw(false, true)[1]).toContain('\u001b[32malive\u001b[0m');
  });

  it('tableLines fits a terminal with what may be cut or left out, and cuts nothing that need not be', () => {
    const columns: readonly Column<readonly string[]>[] = [
      { name: 'VERSION', of: ([v]) => v, align: 'right' },
      { name: 'CHANGES', of: ([, c]) => c, ifNarrow: 'cut' },
      { name: 'REASON', of: ([, , r]) => r, ifNarrow: 'cut' },
      { name: 'HASH', of: ([, , , h]) => h, ifNarrow: 'left-out' },
    ];
    const rows = [
      ['1', 'cluster.raft.heartbeat_interval_ms: 50 → 40', 'the disk of 节点 is slow', '0123456789ab'],
      ['2', '-', '-', 'ba9876543210'],
    ];
    const drawn = (most: number, wide = false) =>
      tableLines(columns, rows, { wide, color: false, columns: most });
    const widest = (most: number) => Math.max(...drawn(most).map(widthOf));
    expect(drawn(60)).toEqual([
      'VERSION  CHANGES                    REASON',
      '      1  cluster.raft.heartbeat_i…  the disk of 节点 is slow',
      '      2  -                          -',
    ]);
    expect([drawn(100), drawn(40, true)]).toEqual([drawn(1000), drawn(1000)]);
    expect([widest(60), widest(50), widest(30), widest(20)]).toEqual([60, 50, 30, 27]);
  });

  it('tableLines prints the heading of an empty table', () => {
    expect(tableLines(COLUMNS, [], { wide: false, color: false })).toEqual(['NAME  LAG  STATE']);
  });

  it('tableLines lets no cell steer the terminal', () => {
    const [, line = ''] = tableLines(
      COLUMNS,
      [{ name: '\u001b]52;c;aGk=\u0007n1\u202e', lag: 1, zone: '' }],
      { wide: false, color: false },
    );
    expect(line).toBe('\\x1b]52;c;aGk=\\x07n1\\u202e    1  alive');
  });
});

describe('factLines', () => {
  it('factLines puts the values under each other', () => {
    expect(
      factLines(
        [
          ['Leader', 'n1'],
          ['Commit index', 5],
          ['Why', null],
        ],
        false,
      ),
    ).toEqual(['Leader:        n1', 'Commit index:  5', 'Why:           -']);
  });
});

describe('safe', () => {
  const HOSTILE: [string, string][] = [
    ['\u0000', '\\x00'],
    ['a\nb\tc\r', 'a\\nb\\tc\\r'],
    ['\u001b[2J', '\\x1b[2J'],
    ['\u009b31m', '\\x9b31m'],
    ['\u007f', '\\x7f'],
    ['\u2066x\u2069', '\\u2066x\\u2069'],
    ['\u2028', '\\u2028'],
  ];
  it.each(HOSTILE)('safe writes out %j', (raw, shown) => {
    expect(safe(raw)).toBe(shown);
  });

  it('safe leaves words of all languages alone', () => {
    for (const text of ['Zürich', '北京', 'مرحبا', '👩‍💻', 'e\u0301']) expect(safe(text)).toBe(text);
  });
});

describe('widthOf', () => {
  it('widthOf counts columns, not characters', () => {
    expect(widthOf('Zürich')).toBe(6);
    expect(widthOf('北京')).toBe(4);
    expect(widthOf('e\u0301')).toBe(1);
    expect(widthOf('🚀')).toBe(2);
  });
});
