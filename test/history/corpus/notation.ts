/**
 * Short histories as text, one event a line:
 *
 *     1 0-10 put a x @5            process 1, called at 0, answered at 10, revision 5
 *     1 0-? put a x                no answer came
 *     1 0-10 put a x !             the cluster said that nothing happened
 *     2 0-10 get a x@5 @7          saw x of revision 5 in a store of revision 7; `-` = absent
 *     2 0-10 get a x@5 @7 stale    asked for and labelled as a stale read
 *     1 0-10 cas a x@5 y @9        wrote y where x@5 was expected; `-` = must not exist
 *     1 0-10 cas a x@5 y !8        refused: the key had revision 8
 *     1 0-10 del a @9              deleted; `del a none @9` = there was nothing to delete
 *     1 0-10 append l x @5         1 0-10 list l x;y; @7        `-` = empty
 *     1 0-10 add s x @5            1 0-10 members s y;x; @7     in any order
 *     1 0-10 append l x @5 again    sent again and recognised: took effect at 5 or before
 *     1 0-10 scan a=x@5,b=- @7     two keys at one revision
 *     w1 0 start a @3              watch 1 of all keys that begin with a, behind revision 3
 *     w1 5 put a x @5 · w1 6 delete a @6 · w1 9 progress @9 · w1 9 compacted @9 · w1 9 end @9
 */
import {
  type History,
  type HistoryLine,
  historyOf,
  type Op,
  type Seen,
  type WatchEvent,
} from '../check/record.ts';

function seenOf(text: string): Seen {
  if (text === '-') return { v: null, mod: 0 };
  const [v = '', mod = '0'] = text.split('@');
  return { v, mod: Number(mod) };
}

function outcomeOf(
  words: string[],
  ret: string,
): Pick<Op, 'ok' | 'rev' | 'err' | 'res' | 'stale' | 'replayed'> {
  if (ret === '?') return { ok: 'unknown' };
  const stale = words.at(-1) === 'stale' ? { stale: true } : {};
  if (words.at(-1) === 'stale') words.pop();
  const replayed = words.at(-1) === 'again' ? { replayed: true } : {};
  if (words.at(-1) === 'again') words.pop();
  const last = words.pop() ?? '';
  if (last === '!') return { ok: 'fail', err: 'not_leader' };
  if (last.startsWith('!'))
    return { ok: 'fail', err: 'mismatch', res: { v: null, mod: Number(last.slice(1)) } };
  return { ok: 'ok', rev: Number(last.slice(1)), ...stale, ...replayed };
}

function detailsOf(f: string, args: readonly string[]): Partial<Op> {
  const [first = '-', second = ''] = args;
  switch (f) {
    case 'put':
    case 'append':
    case 'add':
      return { v: first };
    case 'get':
      return { res: seenOf(first) };
    case 'list':
    case 'members':
      return { res: { v: first === '-' ? '' : first, mod: 0 } };
    case 'cas': {
      const { v, mod } = seenOf(first);
      return { exp: mod, expv: v, v: second };
    }
    case 'del':
      return args.length === 0 ? {} : { deleted: false };
    case 'scan':
      return {
        items: Object.fromEntries(
          first.split(',').map((part) => {
            const [k = '', seen = '-'] = part.split('=');
            return [k, seenOf(seen)];
          }),
        ),
      };
    default:
      throw new SyntaxError(`what is ${f}?`);
  }
}

function opOf(words: string[], i: number): Op {
  const [p = '', times = '', f = ''] = words.splice(0, 3);
  const k = f === 'scan' ? '' : (words.shift() ?? '');
  const [call, ret = '?'] = times.split('-');
  const outcome = outcomeOf(words, ret);
  const details = detailsOf(f, words);
  const isDeleted = f === 'del' && outcome.ok === 'ok' && details.deleted === undefined;
  return {
    ...{ e: 'op', p: Number(p), i, f: f as Op['f'], k, call: Number(call) },
    ...(ret === '?' ? {} : { ret: Number(ret) }),
    ...details,
    ...(isDeleted ? { deleted: true } : {}),
    ...outcome,
  };
}

function watchOf(words: string[]): WatchEvent {
  const [w = '', at = '', type = ''] = words.splice(0, 3);
  const rev = Number((words.pop() ?? '').slice(1));
  const [k, v] = words;
  return {
    ...{ e: 'watch', w: Number(w.slice(1)), at: Number(at), type: type as WatchEvent['type'], rev },
    ...(k === undefined ? {} : { k }),
    ...(v === undefined ? {} : { v }),
  };
}

/** Reads the notation above. */
export function historyFrom(text: string): History {
  const lines = text.split('\n').map((line) => line.trim().split(/\s+/));
  return historyOf(
    lines
      .filter((words) => words[0] !== '')
      .map((words, i): HistoryLine => (words[0]?.startsWith('w') === true ? watchOf(words) : opOf(words, i))),
  );
}
