import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textPicture } from '../../../tui/batch/text.ts';
import { compareNames, newestFirst, quorumFacts, visibleNodes } from '../../../tui/model/selectors.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { event, node, START, status } from '../../tui/recording.ts';
import { full, live, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

describe('selectors', () => {
  it('compareNames counts digits as numbers', () => {
    expect(['n10', 'n2', 'n1'].sort(compareNames)).toEqual(['n1', 'n2', 'n10']);
  });

  it('compareNames orders names as the language does', () => {
    const collator = new Intl.Collator('en', { numeric: true });
    const letters = fc.constantFrom('n', 'node-', 'db', 'N', 'ü', 'a-b-', '-', '');
    const digits = fc.constantFrom('', '0', '1', '01', '2', '10', '999999999', '9999999999', '1a');
    const name = fc.tuple(letters, digits).map((parts) => parts.join(''));
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(Math.sign(compareNames(a, b)), `${a} ${b}`).toBe(collator.compare(a, b));
      }),
      { numRuns: 1000 },
    );
  });

  it('visibleNodes has problems first behind the leader where nodes are many, learners too', () => {
    const nodes = Array.from({ length: 100 }, (_, i) =>
      node(`n${i + 1}`, {
        ...(i === 0 ? { role: 'leader', state: 'LEADER' } : {}),
        ...(i > 6 ? { role: 'learner', voter: false } : {}),
        ...(i === 5 ? { lag_entries: 9000 } : {}),
        ...(i === 4 || i % 40 === 39 ? { liveness: 'dead' } : {}),
      } as Parameters<typeof node>[1]),
    );
    const model = live(status({ nodes, raft: { ...status().raft, quorum: 4, tolerates: 3 } }));
    const names = visibleNodes(model).map((n) => n.node_id);
    expect(names.slice(0, 10)).toEqual(['n1', 'n5', 'n40', 'n80', 'n6', 'n2', 'n3', 'n4', 'n7', 'n8']);
    const text = screenText(model, 80, 24);
    expect(text).toMatch(/Nodes 100 · 1–\d of 100 · 3 dead · 1 lagging · 96 ok/);
    expect(text, 'of a large zone those that vote and the dead are named').toMatch(
      /eu-a ★n1 ●n2 ●n3 ●n4 ✖n5/,
    );
    expect(
      visibleNodes(full()).map((n) => n.node_id),
      'few stay where they are',
    ).toEqual(['n1', 'n2', 'n3', 'n5', 'n6', 'n4']);
  });

  it('events have one order, that of their times, in the pane, the view, of a node and printed', () => {
    const told = [
      event(3000, 'n2', 'a', 'second'),
      event(5000, 'n2', 'b', 'fourth'),
      event(1000, 'n2', 'c', 'first'),
      event(3000, 'n2', 'd', 'third, of the same ms'),
    ];
    const model = send(live(), { type: 'events', events: told, now: START + 6000 })[0];
    const order = /fourth[\s\S]*third, of the same ms[\s\S]*second[\s\S]*first/;
    expect(newestFirst(model.picture).map((e) => e.kind)).toEqual(['b', 'd', 'a', 'c']);
    for (const view of ['topology', 'events'] as const)
      expect(screenText({ ...model, view }, 120, 36), view).toMatch(order);
    expect(screenText({ ...model, view: 'node', selected: 'n2' }, 120, 36)).toMatch(order);
    expect(textPicture({ model, symbols: UNICODE }, { cells: 80, view: 'events' })).toMatch(order);
  });

  it('quorumFacts names the zone whose loss would be one too many', () => {
    const facts = quorumFacts(status());
    expect(facts).toMatchObject({ voters: 5, need: 3, up: 4, spare: 1, fatalZones: ['eu-a', 'eu-b'] });
  });
});
