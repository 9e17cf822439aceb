/**
 * Configuration files as hands and programs break them: seeded, so that a number names a file. Typing errors,
 * lost and doubled lines, wrong types, numbers at and beyond their limits, YAML that attacks, cut files,
 * bits flipped by a disk.
 */
import { pick, type Random, seededRandom } from '../../../src/base/index.ts';

type Mutation = (lines: string[], random: Random) => string[];

/** Index of a line that holds `key: value`, or of any. */
function lineWithValue(lines: readonly string[], random: Random): number {
  const found = lines.flatMap((line, n) => (/^[^#]*[\w-]+: *\S/.test(line) ? [n] : []));
  return found.length === 0 ? Math.floor(random.next() * lines.length) : pick(random, found);
}

function changed(lines: readonly string[], at: number, change: (line: string) => string): string[] {
  return lines.map((line, n) => (n === at ? change(line) : line));
}

const VALUES = [
  ...[
    '',
    '~',
    '-1',
    '0',
    '1',
    '2',
    '3',
    '19',
    '20',
    '60000',
    '60001',
    '65535',
    '65536',
    '1e3',
    '1e99',
    '.nan',
  ],
  ...['.inf', '-0', '0x10', '0o17', '1_000', '9007199254740993', 'true', 'yes', 'no', 'False', '"50"', "''"],
  ...[
    '[]',
    '{}',
    '[1, 2]',
    '{a: 1}',
    '!!binary aGk=',
    '!!js/function "x"',
    '&a [*a]',
    '*nothing',
    '100MB',
    '1GiB',
  ],
  ...[
    '10 parsecs',
    'env:HOME',
    'file:/etc/passwd',
    '2026-01-02',
    '"\\u0000"',
    '|\n  text\n  more',
    '1.5',
    '@x',
  ],
  ...[
    'sqlite',
    'postgres',
    'sqlcc-cluster-001',
    'DEBUG',
    '0.0.0.0',
    '::1',
    'x'.repeat(300),
    '"unclosed',
    'ключ',
  ],
] as const;

const MUTATIONS: readonly Mutation[] = [
  // another value
  (lines, random) =>
    changed(lines, lineWithValue(lines, random), (line) =>
      line.replace(/: .*$/, `: ${pick(random, VALUES)}`),
    ),
  // a number a little or a lot off
  (lines, random) =>
    changed(lines, lineWithValue(lines, random), (line) =>
      line.replace(/\d+/, (digits) => {
        const n = Number(digits);
        return String(Math.round(pick(random, [n + 1, n - 1, n * 2, n * 4, n / 2, n / 4, n * 1000, -n, 0])));
      }),
    ),
  // a letter lost, doubled, swapped or foreign
  (lines, random) =>
    changed(lines, Math.floor(random.next() * lines.length), (line) => {
      const at = Math.floor(random.next() * (line.length + 1));
      const with_ = pick(random, [
        '',
        line.slice(at, at + 1).repeat(2),
        ':',
        '\t',
        '"',
        '#',
        '{',
        '\u0000',
        'é',
        '-',
      ]);
      return line.slice(0, at) + with_ + line.slice(at + 1);
    }),
  // a line lost, doubled or moved
  (lines, random) => lines.toSpliced(Math.floor(random.next() * lines.length), 1),
  (lines, random) => {
    const at = Math.floor(random.next() * lines.length);
    return lines.toSpliced(at, 0, lines[at] ?? '');
  },
  (lines, random) => {
    const [from, to] = [Math.floor(random.next() * lines.length), Math.floor(random.next() * lines.length)];
    const moved = lines[from] ?? '';
    return lines.toSpliced(from, 1).toSpliced(to, 0, moved);
  },
  // indentation
  (lines, random) =>
    changed(lines, Math.floor(random.next() * lines.length), (line) =>
      pick(random, [` ${line}`, `  ${line}`, line.replace(/^ /, ''), line.trimStart(), `\t${line}`]),
    ),
  // a strange line more
  (lines, random) => {
    const strange = [
      '---',
      '...',
      '%YAML 1.1',
      '__proto__: {}',
      '- x',
      '? [a]',
      '<<: {a: 1}',
      'a: &a {b: *a}',
      '!',
      ']',
    ];
    const more = pick(random, [...strange, `${'['.repeat(200)}`, 'constructor: 1', '&x *x', '"a": 1']);
    return lines.toSpliced(Math.floor(random.next() * lines.length), 0, more);
  },
  // cut, or cut in the middle of a line
  (lines, random) => {
    const text = lines.join('\n');
    return text.slice(0, Math.floor(random.next() * text.length)).split('\n');
  },
  // line ends and marks of other systems
  (lines, random) =>
    pick(random, [
      lines.map((l) => `${l}\r`),
      ['\ufeff', ...lines],
      [`\ufeff${lines[0]}`, ...lines.slice(1)],
    ]),
  // bits flipped, also to what is no UTF-8
  (lines, random) => {
    const bytes = Buffer.from(lines.join('\n'));
    for (let n = 0; n < 3 && bytes.length > 0; n++) {
      const at = Math.floor(random.next() * bytes.length);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random.next() * 8)), at);
    }
    return bytes.toString('utf8').split('\n');
  },
];

/** `count` files from `bases`, each with one to four mutations. The same seed gives the same files. */
export function mutatedFiles(bases: readonly string[], seed: number, count: number): string[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => {
    let lines = pick(random, bases).split('\n');
    const times = 1 + Math.floor(random.next() * 4);
    for (let n = 0; n < times; n++) lines = pick(random, MUTATIONS)(lines, random);
    return lines.join('\n');
  });
}
