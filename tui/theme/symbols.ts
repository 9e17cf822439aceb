/**
 * One narrow sign for each state, and its stand-in where the terminal has no Unicode.
 * No emoji: their width differs by terminal.
 */

export interface Symbols {
  readonly leader: string;
  readonly follower: string;
  readonly learner: string;
  readonly candidate: string;
  readonly preCandidate: string;
  readonly suspect: string;
  readonly dead: string;
  readonly left: string;
  readonly maintenance: string;
  readonly bar: string;
  readonly dot: string;
  readonly pass: string;
  readonly fail: string;
  readonly arrow: string;
  readonly dash: string;
  readonly crumb: string;
  readonly cursor: string;
  /** The picture is of now, or the place in the past that is shown. */
  readonly live: string;
  readonly frozen: string;
  readonly past: string;
  /** Corners and edges: top left, top right, bottom left, bottom right, horizontal, vertical. */
  readonly box: readonly [string, string, string, string, string, string];
  readonly spinner: readonly string[];
  readonly ascii: boolean;
}

export const UNICODE: Symbols = {
  leader: '★',
  follower: '●',
  learner: '◇',
  candidate: '▲',
  preCandidate: '△',
  suspect: '?',
  dead: '✖',
  left: '○',
  maintenance: '■',
  bar: '▌',
  dot: '·',
  pass: '✓',
  fail: '✖',
  arrow: '→',
  dash: '—',
  crumb: '▸',
  cursor: '▏',
  live: '●',
  frozen: '‖',
  past: '◄◄',
  box: ['┌', '┐', '└', '┘', '─', '│'],
  spinner: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  ascii: false,
};

export const ASCII: Symbols = {
  leader: 'L',
  follower: 'f',
  learner: 'n',
  candidate: 'C',
  preCandidate: 'c',
  suspect: '?',
  dead: 'X',
  left: 'o',
  maintenance: 'M',
  bar: '>',
  dot: '-',
  pass: 'v',
  fail: 'x',
  arrow: '->',
  dash: '-',
  crumb: '>',
  cursor: '_',
  live: '*',
  frozen: '=',
  past: '<<',
  box: ['+', '+', '+', '+', '-', '|'],
  spinner: ['|', '/', '-', '\\'],
  ascii: true,
};

const FOLD: Readonly<Record<string, string>> = {
  '·': '-',
  '—': '-',
  '–': '-',
  '…': '.',
  '→': '>',
  '⇒': '>',
  '✓': 'v',
  '✖': 'x',
  '≥': '>',
  '«': '"',
  '»': '"',
  '↑': '^',
  '↓': 'v',
  '←': '<',
  '⏎': '~',
  '×': 'x',
  '’': "'",
  '▼': 'v',
  '►': '>',
  '┤': '|',
  '◄': '<',
  '▲': '^',
  '⇥': '>',
  '█': '#',
  '░': '.',
};

/** The last sieve of ASCII mode: what is left beyond it becomes its nearest sign or `?`, cell for cell. */
export function toAscii(text: string): string {
  return text.replace(/[^\x20-\x7e]/gu, (char) => FOLD[char] ?? '?');
}
