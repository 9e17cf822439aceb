/** The fields of a line of a daemon's log as a person reads them: who did what first, names for records. */
import type { LogFields } from '../../src/base/index.ts';

type Words = (fields: LogFields) => readonly string[];

/** Null for a field that says nothing. */
function valueWords(value: LogFields[string]): string | null {
  if (value === null || value === undefined || value === '') return null;
  // the last tenth of a millisecond is enough
  if (typeof value === 'number') return String(Math.round(value * 10) / 10);
  const list = typeof value === 'string' && value.startsWith('[') ? parsed(value) : null;
  return Array.isArray(list) && list.every((v) => typeof v === 'string') ? list.join(',') : String(value);
}

function pairs(fields: LogFields): string[] {
  return Object.entries(fields).flatMap(([name, value]) => {
    const words = valueWords(value);
    return words === null ? [] : [`${name}=${words}`];
  });
}

/** Null for a text that was cut or is none of JSON. */
function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}

function namesIn(list: unknown): string {
  const all = Array.isArray(list) ? list : [];
  return all.map((m) => (typeof m === 'string' ? m : (m as { nodeId?: unknown } | null)?.nodeId)).join(' ');
}

/** `voters n1 n2 → n1 n2 n3`: the group before a change that is under way, and the one behind it. */
const membership: Words = ({ membership: text, committed, ...rest }) => {
  const group = parsed(text) as Record<string, unknown> | null;
  if (group === null) return pairs({ membership: text, committed, ...rest });
  const [before, voters] = [namesIn(group['outgoing']), namesIn(group['voters'])];
  const learners = namesIn(group['learners']);
  return [
    `voters ${before === '' ? '' : `${before} → `}${voters}`,
    ...(learners === '' ? [] : [`learners ${learners}`]),
    ...(committed === false ? ['not committed yet'] : []),
    ...pairs(rest),
  ];
};

/** Of the chain of hashes only the place: `sqlcc audit` has the whole line. */
const audit: Words = ({ actor, action, target, outcome, reason, before, after, from, seq }) => {
  const did = [actor, action, target, outcome].map((v) => valueWords(v) ?? '').filter((w) => w !== '');
  const change = [before, after].map(valueWords).filter((w) => w !== null);
  return [
    did.join(' '),
    ...(valueWords(reason) === null ? [] : [`reason: ${reason}`]),
    ...(change.length === 0 ? [] : [change.join(' → ')]),
    ...pairs({ from, seq }),
  ];
};

const WORDS: Readonly<Record<string, Words>> = {
  audit,
  'raft-membership-changed': membership,
  'own-health': ({ value, ...rest }) => [`value=${valueWords(value) ?? '?'} (0 is well)`, ...pairs(rest)],
};

/** What stands behind the name of an event. */
export function logText(event: string, fields: LogFields): string {
  const words = Object.hasOwn(WORDS, event) ? WORDS[event] : undefined;
  return words === undefined ? pairs(fields).join(' ') : words(fields).join('  ');
}
