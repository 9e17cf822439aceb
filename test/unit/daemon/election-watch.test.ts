import { describe, expect, it } from 'vitest';
import { ElectionWatch, standingRows, vacantMs } from '../../../daemon/election-watch.ts';
import type { CandidateRow } from '../../../src/cluster/index.ts';
import type { RaftEvent, RaftStatus } from '../../../src/raft/index.ts';

type Elected = Extract<RaftEvent, { kind: 'elected' }>;

const VOTERS = ['n1', 'n2', 'n3', 'n4', 'n5'];
const status = (leaderId: string | null, ranks = ['n2', 'n4', 'n3', 'n5']) =>
  ({
    role: 'follower',
    leaderId,
    ranks,
    membership: {
      voters: VOTERS.map((nodeId) => ({ nodeId })),
      outgoing: [],
      learners: [],
      learnersNext: [],
    },
  }) as unknown as RaftStatus;
const elected = (more: Partial<Elected> = {}): Elected => ({
  ...{ kind: 'elected', term: 8, campaign: 'hint', electionMs: 9, silenceMs: 31.4 },
  ...{ votes: ['n2', 'n3', 'n5'], ...more },
});
const asked = (candidate: string, refusal: 'log' | 'voted' | null, term = 8): RaftEvent => ({
  ...{ kind: 'vote', term, candidate, granted: refusal === null, refusal },
});

describe('ElectionWatch', () => {
  it('tells who stood, who voted, and by which order and evidence the winner stood', () => {
    const watch = new ElectionWatch('n2');
    watch.followed(status('n1'));
    watch.followed(status(null, []));
    watch.heard({ kind: 'hint-taken', peer: 'n1', rank: 0 });
    watch.heard({ kind: 'campaign-started', campaign: 'hint', term: 7, silenceMs: 31.4 });
    watch.heard(asked('n4', 'voted'));
    watch.heard(asked('n3', null, 7));
    const { why, rows } = watch.won(elected());
    expect(why).toBe('the connection to n1 ended; first of 4 successors; also stood: n4, n3; 3 of 5 votes');
    const words = Object.fromEntries(rows.map((row) => [row.nodeId, row.words.join(', ')]));
    expect(words).toEqual({
      n1: 'no vote of it was needed or came, led before',
      n2: "won: n1 connection lost, 3 of 5 votes, first successor by n1's order",
      n3: "voted for n2, third successor by n1's order, stood in term 7: had the vote of n2, and did not win",
      n4: "no vote of it was needed or came, second successor by n1's order, stood in term 8: refused, the vote was given already",
      n5: "voted for n2, 4th successor by n1's order",
    });
    expect(rows.filter((row) => row.isLost).map((row) => row.nodeId)).toEqual(['n1']);
  });

  it('calls a leader lost that was not heard, not one that handed over or gave its vote', () => {
    const cases: [Partial<Elected>, string[]][] = [
      [{ campaign: 'timeout' }, ['n1']],
      [{ campaign: 'transfer' }, []],
      [{ campaign: 'timeout', votes: ['n1', 'n2', 'n3'] }, []],
    ];
    for (const [how, lost] of cases) {
      const watch = new ElectionWatch('n2');
      watch.followed(status('n1'));
      const { rows } = watch.won(elected(how));
      expect(rows.filter((row) => row.isLost).map((row) => row.nodeId)).toEqual(lost);
    }
  });

  it('says so when nothing was heard, and when leadership was handed over', () => {
    const watch = new ElectionWatch('n2');
    watch.followed(status(null, []));
    const first = watch.won(elected({ campaign: 'timeout', silenceMs: null, votes: ['n2'] }));
    expect(first.why).toBe('no leader was heard; nobody else asked for votes; 1 of 5 votes');
    watch.followed(status('n1'));
    expect(watch.won(elected({ campaign: 'transfer' })).why).toBe('n1 handed leadership to it');
  });

  it('counts no leader as long as all who elected did, and by itself only where none of them ever heard one', () => {
    expect(vacantMs(elected({ silenceMs: 5100.2, electionMs: 80.1 }), 130)).toBe(5180);
    expect(vacantMs(elected({ silenceMs: 30, electionMs: 10 }), 3_600_000)).toBe(40);
    expect(vacantMs(elected({ silenceMs: null, electionMs: 10 }), 2500)).toBe(2500);
  });

  it('forgets what belongs to an election that somebody else won', () => {
    const watch = new ElectionWatch('n2');
    watch.followed(status('n1'));
    watch.heard(asked('n4', 'log'));
    watch.heard({ kind: 'leader-changed', leaderId: null, term: 8 });
    watch.heard({ kind: 'leader-changed', leaderId: 'n3', term: 8 });
    watch.followed(status('n3', ['n2']));
    expect(watch.won(elected({ campaign: 'timeout' })).why).toBe(
      '31 ms of silence; first of 1 successors; nobody else asked for votes; 3 of 5 votes',
    );
  });
});

describe('standingRows', () => {
  it('adds what speaks for and against each, and makes the winner eligible', () => {
    const candidates: CandidateRow[] = [
      { nodeId: 'n1', eligible: false, reasons: ['is dead'], lagEntries: null },
      { nodeId: 'n3', eligible: true, reasons: ['2 entries behind'], lagEntries: 2 },
    ];
    const rows = ['n1', 'n2', 'n3', 'n4'].map((nodeId) => ({
      ...{ nodeId, words: [`of ${nodeId}`], isLost: nodeId === 'n1' },
    }));
    expect(standingRows({ why: '', rows }, candidates, 'n2')).toEqual([
      { nodeId: 'n1', eligible: false, reasons: ['of n1', 'is dead'], lagEntries: null },
      { nodeId: 'n2', eligible: true, reasons: ['of n2'], lagEntries: 0 },
      { nodeId: 'n3', eligible: true, reasons: ['of n3', '2 entries behind'], lagEntries: 2 },
      { nodeId: 'n4', eligible: false, reasons: ['of n4'], lagEntries: null },
    ]);
  });

  it('does not call a lost leader eligible while gossip has not seen its end yet', () => {
    const rows = [{ nodeId: 'n1', words: ['led before'], isLost: true }];
    const lost = {
      nodeId: 'n1',
      eligible: false,
      reasons: ['led before', 'was not heard'],
      lagEntries: null,
    };
    const alive = { nodeId: 'n1', eligible: true, reasons: ['0 entries behind'], lagEntries: 0 };
    for (const known of [[alive], []]) expect(standingRows({ why: '', rows }, known, 'n2')).toEqual([lost]);
  });
});
