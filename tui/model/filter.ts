/**
 * The filter of the node table: words that must all hold. `name` anywhere in a
 * node's words · `state:dead` `role:leader` `zone:eu-a` one field · `lag>500`
 * `cpu>80` a number · `!word` not · `~regex` over all words. Cut here in words:
 * what does not parse matches as plain text.
 */
import type { NodeRow } from '../feed/wire.ts';
import { nodeState } from './node-state.ts';

type Test = (row: NodeRow) => boolean;

const NUMBERS: Readonly<Record<string, (row: NodeRow) => number | null>> = {
  lag: (r) => r.lag_entries,
  cpu: (r) => (r.cpu_usage === null ? null : r.cpu_usage * 100),
  mem: (r) => (r.memory_usage === null ? null : r.memory_usage * 100),
  disk: (r) => (r.disk_usage === null ? null : r.disk_usage * 100),
  rtt: (r) => r.rtt_ms,
  term: (r) => r.term,
};

const FIELDS: Readonly<Record<string, (row: NodeRow) => string>> = {
  name: (r) => r.node_id,
  zone: (r) => r.zone,
  role: (r) => r.role ?? (r.voter ? 'voter' : 'learner'),
  state: (r) => `${nodeState(r).kind} ${r.liveness} ${r.health} ${r.state ?? ''}`,
  host: (r) => r.host,
  version: (r) => r.version,
};

function words(row: NodeRow): string {
  return Object.values(FIELDS)
    .map((read) => read(row))
    .join(' ')
    .toLowerCase();
}

function regex(pattern: string): Test | null {
  try {
    const compiled = new RegExp(pattern.slice(0, 60), 'i');
    return (row) => compiled.test(words(row));
  } catch {
    return null;
  }
}

function oneTest(word: string): Test {
  if (word.startsWith('!') && word.length > 1) {
    const inner = oneTest(word.slice(1));
    return (row) => !inner(row);
  }
  if (word.startsWith('~') && word.length > 1) {
    const test = regex(word.slice(1));
    if (test !== null) return test;
  }
  const number = /^(\w+)([<>=])(\d+(?:\.\d+)?)$/.exec(word);
  const readNumber = number === null ? undefined : NUMBERS[number[1] ?? ''];
  if (number !== null && readNumber !== undefined) {
    const limit = Number(number[3]);
    return (row) => {
      const value = readNumber(row);
      if (value === null) return false;
      return number[2] === '>' ? value > limit : number[2] === '<' ? value < limit : value === limit;
    };
  }
  const field = /^(\w+):(.+)$/.exec(word);
  const readField = field === null ? undefined : FIELDS[field[1] ?? ''];
  if (field !== null && readField !== undefined) {
    const wanted = (field[2] ?? '').toLowerCase();
    if (wanted.startsWith('!') && wanted.length > 1) {
      return (row) => !readField(row).toLowerCase().includes(wanted.slice(1));
    }
    return (row) => readField(row).toLowerCase().includes(wanted);
  }
  const plain = word.toLowerCase();
  return (row) => words(row).includes(plain);
}

/** True when the row fulfils every word of `text`; an empty filter lets all through. */
export function parseFilter(text: string): Test {
  const tests = text.split(/\s+/).filter(Boolean).map(oneTest);
  return (row) => tests.every((test) => test(row));
}
