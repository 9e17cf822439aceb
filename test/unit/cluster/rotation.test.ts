import { describe, expect, it } from 'vitest';
import { rotationStep } from '../../../daemon/rotation-steps.ts';
import {
  type Authorities,
  authorityLaggards,
  decodeState,
  encodeState,
  planRotation,
} from '../../../src/cluster/index.ts';
import { fact, facts, type Ledger, threeNodes } from './world.ts';

const OLD = { sha256: 'a'.repeat(64), certPem: 'old' };
const NEW = { sha256: 'b'.repeat(64), certPem: 'new' };
const authority = { signing: OLD, next: NEW, bridgePem: 'bridge' };

function begin(ledger: Ledger, kind: 'rotate-ca' | 'retire-ca', more: object = {}): void {
  const phase = kind === 'rotate-ca' ? 'trusting' : 'retiring';
  const operation = { id: `op-${ledger.index}`, kind, from: null, to: null, reason: 'drill', forMs: null };
  ledger.done({
    kind: 'operation-begin',
    operation: { ...operation, candidates: [], phase, ...more },
    authority,
  });
}

function follow(ledger: Ledger, stage: Authorities['stage'], nodes = ['n1', 'n2', 'n3']): void {
  const sha256 = ledger.cluster.authorities?.signing.sha256 ?? '';
  for (const nodeId of nodes) ledger.done({ kind: 'authority-followed', nodeId, stage, sha256 });
}

/** What any leader does next for the operation that runs; answers the kind of its command, or that it waits. */
function step(ledger: Ledger, inPhaseMs = 0): string {
  const operation = ledger.cluster.operations.find((o) => o.state === 'running');
  if (operation === undefined) return 'nothing runs';
  const next = rotationStep(operation, ledger.cluster, inPhaseMs);
  if (next.kind !== 'propose') return next.kind;
  ledger.done(next.command);
  const ended = ledger.cluster.operations.at(-1);
  return ended?.state === 'running' ? `${ended.phase}` : `${ended?.state}: ${ended?.error}`;
}

const shas = (ledger: Ledger) => {
  const { stage, signing, beside } = ledger.cluster.authorities ?? {};
  return `${stage} ${signing?.sha256[0]} ${beside?.sha256[0] ?? '-'}`;
};

describe('a rotation of the CA', () => {
  it('goes on only when every node has said so, and by the record alone, whoever leads', () => {
    const ledger = threeNodes();
    begin(ledger, 'rotate-ca');
    expect(shas(ledger)).toBe('trusting a b');
    follow(ledger, 'trusting', ['n1', 'n3']);
    expect(authorityLaggards(ledger.cluster)).toEqual(['n2']);
    expect(step(ledger)).toBe('wait');
    follow(ledger, 'trusting', ['n2']);
    // a snapshot on the way to the next leader loses nothing
    ledger.state = decodeState(encodeState(ledger.cluster));
    expect(step(ledger)).toBe('issuing');
    expect(shas(ledger)).toBe('issuing b a');
    expect(step(ledger)).toBe('wait');
    follow(ledger, 'issuing');
    expect(step(ledger)).toBe('done: null');
    expect(shas(ledger)).toBe('changed b a');
    begin(ledger, 'retire-ca');
    expect(shas(ledger)).toBe('settled b -');
    expect(step(ledger)).toBe('wait');
    follow(ledger, 'settled');
    expect(step(ledger)).toBe('done: null');
    const words = ledger.cluster.audit.filter((a) => a.action.startsWith('operation')).map((a) => a.after);
    expect(words).toEqual([
      `running, phase trusting; CA ${OLD.sha256.slice(0, 16)}, trusted beside it ${NEW.sha256.slice(0, 16)} (trusting)`,
      `done, phase issuing; CA ${NEW.sha256.slice(0, 16)}, trusted beside it ${OLD.sha256.slice(0, 16)} (changed)`,
      `running, phase retiring; CA ${NEW.sha256.slice(0, 16)} (settled)`,
      `done, phase retiring; CA ${NEW.sha256.slice(0, 16)} (settled)`,
    ]);
  });

  it('changes nothing when it is called back, or a node stays silent, before all trust the new CA', () => {
    const ledger = threeNodes();
    begin(ledger, 'rotate-ca');
    const id = ledger.cluster.operations.at(-1)?.id ?? '';
    ledger.done({ kind: 'operation-end', id, state: 'cancelled', error: 'by ann' });
    expect(shas(ledger)).toBe('settled a -');
    begin(ledger, 'rotate-ca');
    follow(ledger, 'trusting', ['n1', 'n2']);
    expect(step(ledger, 59_000)).toBe('wait');
    expect(step(ledger, 61_000)).toBe('failed: nothing was changed: no word from n3 for 60 s');
    expect(shas(ledger)).toBe('settled a -');
  });

  it('that stopped while nodes took their certificates can’t be called back, and goes on there', () => {
    const ledger = threeNodes();
    begin(ledger, 'rotate-ca');
    follow(ledger, 'trusting');
    step(ledger);
    const id = ledger.cluster.operations.at(-1)?.id ?? '';
    ledger.refused({ kind: 'operation-end', id, state: 'cancelled', error: 'by ann' }, 'conflict');
    ledger.done({ kind: 'node-liveness', nodeId: 'n3', liveness: 'dead', by: ['n1'], cause: 'silent' });
    follow(ledger, 'issuing', ['n1', 'n2']);
    expect(step(ledger, 61_000)).toMatch(/^failed: both CAs are trusted .* n3 \(dead\)/);
    expect(shas(ledger)).toBe('issuing b a');
    ledger.refused(
      {
        kind: 'operation-begin',
        operation: {
          id: 'x',
          kind: 'retire-ca',
          from: null,
          to: null,
          reason: '',
          forMs: null,
          candidates: [],
          phase: 'retiring',
        },
      },
      'failed_precondition',
    );
    begin(ledger, 'rotate-ca', { phase: 'issuing' });
    expect(shas(ledger)).toBe('issuing b a');
    follow(ledger, 'issuing', ['n3']);
    expect(step(ledger)).toBe('done: null');
  });

  it('takes no word of a stage that is over, of another CA, or of no node', () => {
    const ledger = threeNodes();
    begin(ledger, 'rotate-ca');
    const word = { kind: 'authority-followed', nodeId: 'n1', stage: 'trusting', sha256: OLD.sha256 } as const;
    ledger.refused({ ...word, stage: 'issuing' }, 'conflict');
    ledger.refused({ ...word, sha256: NEW.sha256 }, 'conflict');
    ledger.refused({ ...word, nodeId: 'n9' }, 'not_found');
    expect(ledger.cluster.authorities?.followed).toEqual([]);
  });
});

describe('planRotation', () => {
  const wish = { kind: 'rotate-ca', expectTerm: null, isOwnOld: false, old: [] } as const;
  const failed = (ledger: Ledger, request: Parameters<typeof planRotation>[2], nodes = facts()) =>
    planRotation(ledger.cluster, nodes, request)
      .plan.checks.filter((c) => c.result === 'fail')
      .map((c) => c.text);

  it('is refused while nodes are away, and names them', () => {
    const away = facts({
      nodes: [fact('n1'), fact('n2', { liveness: 'dead' }), fact('n3', { liveness: 'suspect' })],
    });
    expect(failed(threeNodes(), wish)).toEqual([]);
    expect(failed(threeNodes(), wish, away)).toEqual([expect.stringContaining('not alive: n2, n3')]);
  });

  it('of the end is refused to whoever would lock themselves out, and names the others', () => {
    const ledger = threeNodes();
    expect(failed(ledger, { ...wish, kind: 'retire-ca' })).toEqual(['no CA is left over']);
    begin(ledger, 'rotate-ca');
    follow(ledger, 'trusting');
    step(ledger);
    follow(ledger, 'issuing');
    step(ledger);
    expect(failed(ledger, wish)).toEqual([expect.stringContaining('--finish')]);
    expect(failed(ledger, { ...wish, kind: 'retire-ca', isOwnOld: true })).toEqual([
      expect.stringContaining('cert renew --self'),
    ]);
    const plan = planRotation(ledger.cluster, facts(), { ...wish, kind: 'retire-ca', old: ['anna'] });
    expect(plan.kind).toBe('ready');
    expect(plan.plan.checks.find((c) => c.name === 'holders')).toMatchObject({
      result: 'warn',
      text: expect.stringContaining('anna'),
    });
  });
});
