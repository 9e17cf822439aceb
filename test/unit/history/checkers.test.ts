/** The checkers against histories made by chance: good by construction, certainly broken, and small ones of any kind. */
import { describe, expect, it } from 'vitest';
import { checkLinearizable } from '../../history/check/linearizable.ts';
import { type History, type Op, parseHistory } from '../../history/check/record.ts';
import { checkRevisions } from '../../history/check/revisions.ts';
import { bruteForce, isVague } from '../../history/corpus/brute.ts';
import { seededChance, within } from '../../history/corpus/chance.ts';
import { BREAKERS, disturb, type GenerateOptions, generate } from '../../history/corpus/generate.ts';
import { historyFrom } from '../../history/corpus/notation.ts';

const SEEDS = 300;

function optionsOf(seed: number, ops: number): GenerateOptions {
  const chance = seededChance(seed + 1_000_000);
  return {
    clients: within(chance, 2, 8),
    keys: within(chance, 1, 4),
    ops,
    unknown: chance.next() * 0.1,
    kind: seed % 3 === 0 ? 'lists' : seed % 5 === 0 ? 'sets' : 'registers',
    watch: seed % 2 === 0 && seed % 3 !== 0 && seed % 5 !== 0,
  };
}

/** A scan as the reads that it is. */
const readsOf = (op: Op): Op[] =>
  op.f !== 'scan'
    ? [op]
    : Object.entries(op.items ?? {}).map(([k, res]): Op => ({ ...op, f: 'get', k, res }));

const text = (history: History): string => history.ops.map((op) => JSON.stringify(op)).join('\n');

describe('checkers on generated histories', () => {
  it('accept what one store did', () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const history = generate(seededChance(seed), optionsOf(seed, within(seededChance(seed), 10, 150)));
      const [one, two] = [checkLinearizable(history), checkRevisions(history)];
      expect(
        [one.verdict, two.verdict],
        `seed ${seed}: ${[...one.findings, ...two.findings].join('\n')}`,
      ).toEqual(['good', 'good']);
    }
  });

  for (const breaker of BREAKERS) {
    it(`reject ${breaker.name}`, () => {
      let broken = 0;
      for (let seed = 1; seed <= SEEDS; seed++) {
        const chance = seededChance(seed);
        const history = breaker.break(generate(chance, optionsOf(seed, 60)), chance);
        if (history === null) continue;
        broken++;
        expect(checkRevisions(history).verdict, `seed ${seed}\n${text(history)}`).toBe('bad');
        if (breaker.values) expect(checkLinearizable(history).verdict, `seed ${seed}`).toBe('bad');
      }
      expect(broken).toBeGreaterThan(SEEDS / 10);
    });
  }

  it('agree with trying every order, on small histories good and bad', () => {
    const met = { good: 0, bad: 0, goodRevisions: 0, badRevisions: 0 };
    for (let seed = 1; seed <= 2500; seed++) {
      const chance = seededChance(seed);
      const options = {
        ...optionsOf(seed, within(chance, 3, 7)),
        keys: within(chance, 1, 2),
        watch: false,
      };
      let history = generate(chance, { ...options, unknown: 0.3 });
      for (let n = within(chance, 0, 4); n > 0; n--) history = disturb(history, chance);
      const values = bruteForce(history.ops.flatMap(readsOf), false);
      expect(checkLinearizable(history).verdict, `seed ${seed}\n${text(history)}`).toBe(values);
      met[values]++;
      if (isVague(history.ops)) continue;
      const revisions = bruteForce(history.ops, true);
      expect(checkRevisions(history).verdict, `seed ${seed}\n${text(history)}`).toBe(revisions);
      met[revisions === 'good' ? 'goodRevisions' : 'badRevisions']++;
    }
    expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(300);
  });
});

describe('checkLinearizable', () => {
  it('decides 10,000 operations of 10 clients on 20 keys in few steps', () => {
    const options = {
      clients: 10,
      keys: 20,
      ops: 10_000,
      unknown: 0.005,
      kind: 'registers',
      watch: false,
    } as const;
    const history = generate(seededChance(7), options);
    const report = checkLinearizable(history);
    expect(report.verdict).toBe('good');
    // steps are what time is made of, and the same on every machine
    expect(report.steps).toBeLessThan(20 * options.ops);
  });

  it('takes unknown writes that nobody saw in one order only', () => {
    // 24 of them and a refusal that any could explain: 2^24 ways, were each of them tried
    const unseen = Array.from({ length: 24 }, (_, n) => `${n} ${n}-? put a u${n}`);
    const between = Array.from({ length: 12 }, (_, n) => {
      const [call, rev] = [100 + 40 * n, 10 + 10 * n];
      return `50 ${call}-${call + 9} put a x${n} @${rev}
        50 ${call + 10}-${call + 19} cas a w@1 y${n} !${rev}
        50 ${call + 20}-${call + 29} get a x${n}@${rev} @${rev}`;
    });
    const good = historyFrom([...unseen, ...between].join('\n'));
    const bad = historyFrom([...unseen, ...between, '50 900-910 get a x0@10 @200'].join('\n'));
    expect(checkLinearizable(good).verdict).toBe('good');
    const report = checkLinearizable(bad);
    expect(report.verdict).toBe('bad');
    expect(report.steps).toBeLessThan(50_000);
  });

  it('says undecided when its patience ends, never good', () => {
    const options = {
      clients: 40,
      keys: 1,
      ops: 3000,
      unknown: 0.3,
      kind: 'registers',
      watch: false,
    } as const;
    const chance = seededChance(3);
    const broken = BREAKERS[0]?.break(generate(chance, options), chance);
    const report = checkLinearizable(broken ?? { ops: [], watches: [], notes: [] }, { isOver: () => true });
    expect(report.verdict).toBe('undecided');
  });
});

describe('an unknown delete that a watcher saw', () => {
  it('is the one whose condition names what stood there, not the oldest', () => {
    const put = (p: number, v: string, rev: number) => ({
      ...{ e: 'op', p, i: p, f: 'put', k: 'a', v, call: rev * 10, ret: rev * 10 + 1, ok: 'ok', rev },
    });
    const remove = (p: number, expv: string, exp: number) => ({
      ...{ e: 'op', p, i: p, f: 'del', k: 'a', exp, expv, call: exp * 10 + 5, ok: 'unknown' },
    });
    const watch = (type: string, at: number, rev: number, v?: string) => ({
      ...{ e: 'watch', w: 1, at, type, rev, k: 'a', v },
    });
    const lines = [
      ...[put(1, 'x', 5), remove(2, 'x', 5), put(3, 'y', 6), remove(4, 'y', 6)],
      ...[watch('start', 0, 0), watch('put', 52, 5, 'x'), watch('put', 62, 6, 'y'), watch('delete', 70, 7)],
    ];
    const history = parseHistory(lines.map((line) => JSON.stringify(line)).join('\n'));
    expect(checkRevisions(history)).toMatchObject({ verdict: 'good', findings: [] });
    // and nothing fits when the value that the condition names was overwritten
    const without = parseHistory(
      lines
        .filter((line) => !('p' in line && line.p === 4))
        .map((line) => JSON.stringify(line))
        .join('\n'),
    );
    expect(checkRevisions(without).verdict).toBe('bad');
  });
});
