import { describe, expect, it } from 'vitest';
import type { ElectionRow, EventLine } from '../../../tui/feed/wire.ts';
import { screenOf } from '../../../tui/lines/screen.ts';
import { gapOf, liveSteps, stepsOf, vacantSince } from '../../../tui/model/election-steps.ts';
import type { Model } from '../../../tui/model/model.ts';
import { UNICODE } from '../../../tui/theme/symbols.ts';
import { textOf } from '../../../tui/theme/tokens.ts';
import { at, event, status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { full, send } from './model-kit.ts';
import { drawn } from './screen-text.ts';

/** n1 is killed: its last word is at 0, two stand, n2 wins after 225 ms; told as a screen hears it. */
const KILLED: readonly EventLine[] = [
  event(225, 'n2', 'leader-elected', 'n2 leads term 10 (n1 connection lost)', { data: { term: 10 } }),
  event(7, 'n2', 'leader-lost', 'n2 knows no leader (term 9)', { data: { term: 9 } }),
  event(166, 'n2', 'campaign-started', 'n2 asks for pre-votes', { data: { term: 9, silence_ms: 166 } }),
  event(160, 'n3', 'campaign-started', 'n3 asks for pre-votes', { data: { term: 9, silence_ms: 158 } }),
  event(400, 'n3', 'campaign-started', 'n3 asks for pre-votes', { data: { term: 9, silence_ms: 158 } }),
  event(-12, 'n1', 'member-suspect', 'n3 sees n1 suspect: not heard by n6'),
];
const WON: ElectionRow = {
  ...{ term: 10, node_id: 'n2', at: at(225), cause: 'n1 connection lost', votes: ['n2', 'n3', 'n6'] },
  ...{ detect_ms: 166, election_ms: 59 },
};

function hearing(events: readonly EventLine[]): Model {
  const now = full().now + 1000;
  return { ...send(full({ view: 'raft' }), { type: 'events', events, now })[0], now };
}

const offsets = (steps: ReturnType<typeof stepsOf>) => steps.map((s) => s.offsetMs);

describe('the steps of an election', () => {
  it('stand in the order of their times, and the winner leads when nobody no longer does', () => {
    const { picture } = hearing(KILLED);
    const steps = stepsOf(picture, WON);
    expect(offsets(steps)).toEqual([-12, 7, 160, 166, 225, 400]);
    expect(steps.find((s) => s.event.kind === 'leader-elected')?.offsetMs).toBe(gapOf(WON));
  });

  it('count to the win, however late its entry is applied, and the same live and afterwards', () => {
    const late = { ...WON, at: at(395) };
    const told = [
      event(395, 'n2', 'leader-elected', 'n2 leads term 10 (n1 connection lost)', { data: { term: 10 } }),
      event(225, 'n2', 'role-changed', 'n2 is leader in term 10', { data: { term: 10, role: 'leader' } }),
      event(226, 'n2', 'role-changed', 'n2 follows n2 in term 10', { data: { term: 10, leader_id: 'n2' } }),
    ];
    const asked = KILLED.filter((e) => e.kind === 'campaign-started');
    const steps = stepsOf(hearing([...asked, ...told]).picture, late);
    expect(steps.map((s) => [s.event.node_id, s.event.kind, s.offsetMs])).toEqual([
      ['n3', 'campaign-started', 160],
      ['n2', 'campaign-started', 166],
      ['n2', 'role-changed', gapOf(WON)],
      ['n2', 'leader-elected', 395],
      ['n3', 'campaign-started', 400],
    ]);
    // one of another term is not the win
    const other = event(100, 'n2', 'role-changed', 'n2 is leader', { data: { term: 9, role: 'leader' } });
    expect(offsets(stepsOf(hearing([...asked, other]).picture, WON))).toEqual([100, 160, 166, 400]);
  });

  it('count the question as it was counted live, where the win is written down late', () => {
    const role = { data: { term: 10, role: 'leader' } };
    const late = [
      event(272, 'n2', 'role-changed', 'n2 is leader in term 10', role),
      event(290, 'n2', 'leader-elected', 'n2 leads term 10 (n1 connection lost)', { data: { term: 10 } }),
    ];
    const asked = KILLED.filter((e) => e.kind === 'campaign-started' && e.node_id === 'n2');
    expect(offsets(liveSteps(hearing([...KILLED.slice(1, 2), ...asked]).picture))).toEqual([7, 166]);
    const steps = stepsOf(hearing([...asked, ...late]).picture, { ...WON, at: at(290) });
    expect(steps.map((s) => [s.event.kind, s.offsetMs])).toEqual([
      ['campaign-started', WON.detect_ms],
      ['role-changed', gapOf(WON)],
      ['leader-elected', 290],
    ]);
  });

  it('say what they are counted from', () => {
    const texts = [WON, { ...WON, cause: 'transfer by admin' }, { ...WON, detect_ms: null }].map((row) => {
      const elections = [...status().elections, row];
      const news = { type: 'status' as const, status: status({ elections }), now: full().now + 2000 };
      return drawn({ ...send(hearing(KILLED), news)[0], cursor: { raft: '10' } }, 160, 45);
    });
    expect(texts[0]).toContain('step by step, ms after the last heartbeat');
    expect(texts[1]).toContain('step by step, ms since leadership was given away');
    expect(texts[2]).toContain('step by step, ms since it began');
  });

  it('of a vacancy of minutes are told to the ms, each apart from the other, at every size', () => {
    const at139 = 139_690;
    const told = [
      event(at139, 'n2', 'vote', 'n3 votes for n2 in term 10', { data: { term: 10 } }),
      event(at139 + 107, 'n2', 'role-changed', 'n2 is leader in term 10', {
        data: { term: 10, role: 'leader' },
      }),
      event(at139 + 112, 'n2', 'leader-elected', 'n2 leads term 10', { data: { term: 10 } }),
    ];
    const row = { ...WON, at: at(at139 + 112), detect_ms: at139, election_ms: 107 };
    const elections = [...status().elections, row];
    const news = { type: 'status' as const, status: status({ elections }), now: full().now + 150_000 };
    const model = { ...send(hearing(told), news)[0], view: 'raft' as const, cursor: { raft: '10' } };
    for (const [columns, rows] of [
      [80, 24],
      [120, 36],
      [160, 45],
    ] as const) {
      const text = drawn(model, columns, rows);
      for (const time of ['2m19.690s', '2m19.797s', '2m19.802s'])
        expect(text, `${columns}x${rows}`).toContain(` ${time} `);
      expect(text).not.toMatch(/\d… ms/);
    }
  });

  it('are the same through whichever node they were heard', () => {
    const other = hearing([...KILLED].reverse().slice(0, 4));
    expect(offsets(stepsOf(other.picture, WON))).toEqual([-12, 160, 166, 400]);
  });

  it('name who would elect whom, as they name who votes', () => {
    const told = [
      event(170, 'n3', 'pre-vote', 'n3 pre-votes for n2 in term 10', { data: { candidate: 'n2', term: 10 } }),
      event(172, 'n6', 'pre-vote', 'n6 refuses (log) n2 a pre-vote for term 10', { data: {} }),
      event(190, 'n3', 'vote', 'n3 votes for n2 in term 10', { data: {} }),
    ];
    const model = hearing([...KILLED, ...told]);
    const elections = [WON, ...(model.picture.status?.elections ?? [])];
    const raft = { ...status().raft, term: 10, leader_id: 'n2' };
    const seen = send(model, { type: 'status', status: status({ elections, raft }), now: model.now })[0];
    const text = drawn({ ...seen, cursor: { raft: '10' } }, 120, 36);
    expect(text).toContain('170 ms   n3 pre-votes for n2 in term 10');
    expect(text).toContain('172 ms   n6 refuses (log) n2 a pre-vote for term 10');
    expect(text).toContain('190 ms   n3 votes for n2 in term 10');
  });

  it('begin with the loss, however long ago nobody has led', () => {
    const long = { ...WON, at: at(60_000), detect_ms: null, election_ms: 30 };
    const events = [KILLED[1], event(58_000, 'n3', 'vote', 'n3 votes for n2')] as EventLine[];
    expect(offsets(stepsOf(hearing(events).picture, long))).toEqual([7 - 59_970, 58_000 - 59_970]);
    // and not with what some node missed an hour before, when it was heard again
    const heard = event(9, 'n2', 'role-changed', 'n2 follows n1', { data: { leader_id: 'n1', term: 9 } });
    const missed = [KILLED[1], heard, event(59_500, 'n3', 'vote', 'n3 votes for n2')] as EventLine[];
    expect(offsets(stepsOf(hearing(missed).picture, long))).toEqual([59_500 - 59_970]);
    const counted = { ...long, detect_ms: 59_000 };
    expect(offsets(stepsOf(hearing(events).picture, counted))).toEqual([7 - 970, 58_000 - 970]);
  });
});

describe('the election under way', () => {
  const lost = KILLED.slice(1);

  it('counts from the last word that anybody who asks had heard', () => {
    expect(vacantSince(hearing(lost).picture)).toBe(Date.parse(at(2)));
    expect(offsets(liveSteps(hearing(lost).picture))).toEqual([-14, 5, 158, 164, 398]);
    expect(vacantSince(hearing(lost.slice(0, 1)).picture), 'nobody has asked yet').toBe(Date.parse(at(7)));
    expect(liveSteps(full().picture)).toEqual([]);
  });

  it('has its newest step in sight where the pane has two lines', () => {
    const model = hearing(lost);
    const few = { ...status(), nodes: status().nodes.slice(0, 3) };
    const three = { ...model, view: 'topology' as const, picture: { ...model.picture, status: few } };
    const screen = screenOf({ model: three, symbols: UNICODE }, 80, 24);
    const pane = screen.bands.flatMap((b) => b.panes).find((p) => p.pane === 'elections');
    const lines = (pane?.rows ?? []).map((r) => textOf(r.line)).slice(1, -1);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/no leader for 1\.0 s/);
    expect(lines[1]).toMatch(/ 398 ms n3 asks for pre-votes/);
  });

  it('is seen with its newest step at every size, however many nodes there are', () => {
    for (const [columns, rows] of SIZES) {
      const text = drawn({ ...hearing(lost), view: 'topology' }, columns, rows);
      expect(text, `${columns}x${rows}`).toMatch(/no leader for 1\.0 s/);
      expect(text, `${columns}x${rows}`).toMatch(/ 398 ms n3 asks/);
    }
    // and the quorum again when somebody leads, or for who looks at it
    expect(drawn({ ...full(), view: 'topology' }, 80, 24)).toContain('need 3 of 5');
    expect(drawn({ ...hearing(lost), view: 'topology', focus: 'quorum' }, 80, 24)).toContain('need 3 of 5');
  });

  it('has one figure at the top, in the list and in the steps, and one name in front', () => {
    const model = hearing(lost);
    for (const view of ['raft', 'topology'] as const) {
      const screen = screenOf({ model: { ...model, view }, symbols: UNICODE }, 160, 45);
      const rows = screen.bands.flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line))));
      const text = [...screen.head.map((h) => textOf(h.line)), ...rows].join('\n');
      expect(text, view).toContain('NO LEADER 1.0 s');
      expect(text, view).toMatch(/(no leader|NO LEADER) for 1\.0 s/);
      expect(text, view).toMatch(
        view === 'raft' ? /-14 ms {1,3}n3 sees n1 suspect/ : / 5 ms n2 knows no leader/,
      );
    }
  });

  it('is measured when it is over as its row says', () => {
    const won = send(hearing(KILLED), {
      ...{ type: 'status' as const, now: full().now + 2000 },
      status: status({ elections: [...status().elections, WON] }),
    })[0];
    const { bands } = screenOf({ model: won, symbols: UNICODE }, 120, 36);
    const text = bands.flatMap((b) => b.panes.flatMap((p) => p.rows.map((r) => textOf(r.line)))).join('\n');
    expect(text).toMatch(/10 ★ n2 .*225 ms +n1 connection/);
    expect(text).toMatch(/225 ms ★ n2 leads term 10/);
  });
});
