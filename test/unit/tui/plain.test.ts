/** `top --plain` and the text pictures: what they say, and that nobody's words steer the terminal. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../../tui/batch/plain.ts';
import { type TextView, textPicture } from '../../../tui/batch/text.ts';
import type { AlertRow, StatusResponse } from '../../../tui/feed/wire.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { event, START, status } from '../../tui/recording.ts';
import { full, live, send } from './model-kit.ts';

const VIEWS: readonly TextView[] = ['topology', 'raft', 'alerts', 'config', 'events'];
/** All that a terminal may obey, and what turns a line round. */
const OBEYED = /[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/;

/** The same picture with another text in every place where a cluster may have put one. */
function withWords<T>(value: T, words: string): T {
  const kept = ['state', 'role', 'severity', 'health', 'kind', 'liveness', 'mode', 'engine'];
  const into = (part: unknown, name: string): unknown => {
    if (typeof part === 'string') return kept.includes(name) ? part : words;
    if (Array.isArray(part)) return part.map((p) => into(p, name));
    if (typeof part !== 'object' || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, p]) => [key, into(p, key)]));
  };
  return into(value, '') as T;
}

function hostileModel(words: string): Model {
  const base = full();
  const config = { version: 42, tentative: { expires: words, previous: 41 } };
  const picture = { ...status(), config } as unknown as StatusResponse;
  const [model] = send(
    base,
    { type: 'status', status: withWords(picture, words), now: START },
    { type: 'alerts', alerts: withWords(base.picture.alerts as AlertRow[], words) },
    { type: 'events', events: [withWords(event(9, 'n1', 'rejoined', 'back'), words)], now: START },
  );
  return { ...model, clusterName: words, contextName: words };
}

describe('plain text', () => {
  it('no text that came from a cluster is obeyed by the terminal, in sentences and pictures', () => {
    const piece = fc.constantFrom(
      ...['\x1b]0;OWNED\x07', '\x1b[2J\x1b[H', '\x1b[44m', '\x9b31m', '\x1bPq\x1b\\', '\x07', '\r', '\n'],
      ...['\u202e', '\u2066', '\u200b', '\x00', 'x', '節', ' '],
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const words = `n1 ${pieces.join('')}`;
        const before = live();
        const after = hostileModel(words);
        const lost = {
          ...after,
          connection: { kind: 'lost' as const, since: START, error: words, via: words, attempts: 1 },
        };
        const said = [
          ...changesBetween(before, after),
          ...changesBetween(after, lost),
          ...changesBetween(lost, after),
        ];
        expect(said.length).toBeGreaterThan(2);
        for (const line of said) expect(line).not.toMatch(OBEYED);
        for (const view of VIEWS)
          for (const model of [after, lost]) {
            const lines = textPicture({ model, symbols: UNICODE }, { cells: 200, view }).split('\n');
            for (const line of lines) expect(line, view).not.toMatch(OBEYED);
          }
      }),
      { numRuns: 60 },
    );
  });
});
