/** Whether the CA may be replaced now, or the old one go, and who would feel it. */
import { shortAuthority } from './authorities.ts';
import type { ClusterState } from './cluster-state.ts';
import { busyChecks, leaderChecks } from './failover.ts';
import type { Check, Expected, PlanFacts, Planned } from './plan.ts';
import { check, planned } from './plan.ts';
import { NO_GAP } from './write-gap.ts';

export interface RotationRequest extends Expected {
  readonly kind: 'rotate-ca' | 'retire-ca';
  /** Whether the caller's own certificate is of the CA that would go. */
  readonly isOwnOld: boolean;
  /** Whose certificates of the CA that would go are known to be in use. */
  readonly old: readonly string[];
}

function stageCheck(state: ClusterState, kind: RotationRequest['kind']): Check {
  const { authorities } = state;
  const stage = authorities?.stage ?? 'settled';
  if (kind === 'rotate-ca') {
    if (stage === 'settled')
      return check('authority', 'pass', 'a new CA is made and trusted beside this one');
    if (stage === 'issuing') return check('authority', 'pass', 'a rotation that stopped goes on');
    const text = 'the CA before is trusted still: finish with "sqlcc cert rotate-ca --finish"';
    return check('authority', 'fail', text);
  }
  if (stage === 'changed' && authorities?.beside != null)
    return check('authority', 'pass', `CA ${shortAuthority(authorities.beside)} goes`);
  const text = stage === 'settled' ? 'no CA is left over' : 'not all nodes have a certificate of the new CA';
  return check('authority', 'fail', text);
}

/** A node that is away would come back trusting what nobody shows any more. */
function everybodyCheck(state: ClusterState, facts: PlanFacts): Check {
  const away = Object.keys(state.nodes).filter(
    (id) => id !== facts.leaderId && facts.nodes.find((n) => n.nodeId === id)?.liveness !== 'alive',
  );
  if (away.length === 0) return check('nodes', 'pass', 'all nodes are alive');
  const text = `not alive: ${away.join(', ')}; bring them back, or take them out with "sqlcc node leave"`;
  return check('nodes', 'fail', text);
}

function holderChecks({ kind, isOwnOld, old }: RotationRequest): Check[] {
  if (kind === 'rotate-ca') return [];
  const remedy = 'sqlcc cert renew --self';
  if (isOwnOld) return [check('holders', 'fail', `your own certificate is of the old CA: ${remedy} first`)];
  if (old.length === 0) return [check('holders', 'pass', 'no certificate of the old CA was shown here')];
  return [check('holders', 'warn', `refused from then on: ${old.join(', ')} (each may: ${remedy})`)];
}

/** Refused while any node is away, which is named, and where a CA of an earlier rotation is left. */
export function planRotation(state: ClusterState, facts: PlanFacts, request: RotationRequest): Planned {
  const { kind } = request;
  return planned({
    ...{ kind, from: null, to: null, term: facts.term, candidates: [], ...NO_GAP },
    checks: [
      ...leaderChecks(facts, request),
      ...busyChecks(state, facts),
      everybodyCheck(state, facts),
      stageCheck(state, kind),
      ...holderChecks(request),
    ],
    command: `sqlcc cert rotate-ca${kind === 'retire-ca' ? ' --finish' : ''}`,
  });
}
