/** `e`: the row under the bar in sentences, and nothing that is not known. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explainText } from '../../../tui/lines/explain.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { sixNodes, status } from '../../tui/recording.ts';
import { alone, full, live, press, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

function words(model: Model): string {
  const { lines } = explainText({ model, symbols: UNICODE }, 0, { width: 400, rows: 40 });
  return lines.map(textOf).join('\n');
}

function ofRule(rule: string): Model {
  const seen = full({ view: 'alerts' });
  const alerts = seen.picture.alerts.slice(0, 1).map((a) => ({ ...a, rule }));
  return { ...seen, picture: { ...seen.picture, alerts } };
}

describe('e on an alert', () => {
  it('says that nobody is told only where the cluster said so', () => {
    const unasked = ofRule('HighLatency');
    expect(words(unasked)).toContain('Who is told of it is being asked.');
    const question = { slice: 'explain', arg: 'HighLatency' } as const;
    const failure = { code: 'unavailable', message: 'no node answered', hint: '' };
    const failed = send(unasked, { type: 'no-answer', question, failure, now: 0 })[0];
    expect(words(failed)).toContain('Who is told of it is not known: no node answered.');
    const known = full({ view: 'alerts' });
    expect(words(known)).toMatch(/Told by \w+/);
    const [key] = Object.keys(known.picture.answers).filter((k) => k.startsWith('explain'));
    const answer = known.picture.answers[key ?? '']?.value as { rule: object } | null | undefined;
    const value = { ...answer, rule: { ...answer?.rule, actions: [] } } as never;
    const silent = send(known, {
      type: 'answer',
      question: { slice: 'explain', arg: 'NodeDown' },
      value,
      now: 0,
    });
    expect(words(silent[0])).toContain('Nobody is told of it.');
  });

  it('names a runbook of the rules that have one, and of no other', () => {
    const pages = readdirSync(join(import.meta.dirname, '../../../docs/runbooks'))
      .map((file) => file.replace(/\.md$/, ''))
      .filter((name) => name !== 'README');
    expect(pages.length).toBeGreaterThan(10);
    for (const rule of pages) expect(words(ofRule(rule))).toContain(`docs/runbooks/${rule}.md`);
    const own = words(ofRule('my_own_rule'));
    expect(own).not.toContain('docs/runbooks');
    expect(own).toContain('It is a rule of your own');
  });
});

describe('e on a row', () => {
  it('speaks of the row first, and of the cluster that one is in', () => {
    const told: Readonly<Record<string, RegExp>> = {
      raft: /^n\d was elected for term 9 at .*\nThe election took /,
      config: /^Configuration v41 was written by anna at .*\nIt is in force\./,
      operations:
        /^Operation op-8 is a replace-node, n5 to n4, begun by anna: disk of n5 is lost\.\nIt runs\./,
      events:
        /^n3, at 12:04:29.*: n3 says it is DEGRADED: disk takes 312 ms to sync\.\nIt is warning, of the kind /,
    };
    for (const [view, pattern] of Object.entries(told)) {
      const text = words(full({ view: view as Model['view'] }));
      expect(text, view).toMatch(pattern);
      expect(text, view).toMatch(/\n\nThe cluster is degraded\./);
    }
    expect(words(press(full(), '4', 'j'))).toContain('It is not in force: B plans to bring it back');
  });

  it('of Fleet speaks of the cluster under the bar alone', () => {
    const sick = words(full({ view: 'fleet' }));
    expect(sick).toMatch(
      /^dr-site is critical\.\nBecause no quorum: 1 of 3 voters are alive, 2 are needed\./,
    );
    expect(sick).not.toContain('The cluster is');
    expect(words(press(full(), '8', 'j'))).toMatch(/^staging does not answer now: /);
    const asked = { ...full({ view: 'fleet' }), contexts: ['somewhere'] };
    expect(words(asked)).toMatch(/^somewhere has not answered yet\./);
  });
});

describe('e on a node', () => {
  it('counts who may fail in words that are some, and says of who answers not when it was heard', () => {
    const nodes = sixNodes().map((n) => (n.node_id === 'n2' ? { ...n, liveness: 'dead' as const } : n));
    expect(words(live(status({ nodes })))).toContain(
      '3 of 5 voters are needed, 3 are up: none more may fail.',
    );
    expect(words(alone())).toContain('3 of 5 voters are needed, 1 is up: ');
    expect(words({ ...full(), selected: 'n1' })).toContain('It answers this screen.');
    expect(words({ ...full(), selected: 'n5' })).not.toContain('It names: dead');
  });

  it('says of the leader that F moves leadership elsewhere, and of no lag behind itself', () => {
    const leader = words({ ...full(), selected: 'n1' });
    expect(leader).toMatch(/n1 is the leader, state: \w+\.\n/);
    expect(leader).not.toContain('behind the leader');
    expect(leader).toContain('F makes another node the leader');
    const follower = words({ ...full(), selected: 'n2' });
    expect(follower).toMatch(/heard .* ago and is \d+ entries behind the leader/);
    expect(follower).toContain('F makes it the leader');
    const degraded = full().picture.status?.nodes.map((n) => ({ ...n, health: 'DEGRADED' as const }));
    const status = { ...full().picture.status, nodes: degraded } as never;
    const sick = { ...full(), selected: 'n2', picture: { ...full().picture, status } };
    expect(words(sick)).toContain('state: degraded.');
  });
});

it('a load is said of the machine, and a maintenance without a reason has no colon for one', () => {
  const nodes = status().nodes.map((n) =>
    n.maintenance === null ? n : { ...n, maintenance: { ...n.maintenance, reason: '' } },
  );
  const model = live(status({ nodes }), { selected: 'n6' });
  const text = words(model);
  expect(text).toContain('Its machine’s processors are 2.0 % busy.');
  expect(text).toMatch(/In maintenance by \w+; ends by itself/);
  expect(screenText({ ...model, view: 'node' }, 120, 36)).toMatch(/maintenance +by \w+, ends in [0-9ms]+ /);
});
