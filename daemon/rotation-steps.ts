/**
 * The next single step of replacing the CA: a phase ends when every node on record has said that it did its
 * part. Whoever is missing for long is named, and the operation ends: what it left is safe at every point,
 * and the same command goes on from there. A pure function.
 */
import type { Duration } from '../src/base/index.ts';
import { authorityLaggards, type ClusterState, type Operation } from '../src/cluster/index.ts';
import { end, enter, type OperationStep } from './operation-step.ts';

/** A node that restarts is back by then; waiting longer would keep other operations from beginning. */
const PATIENCE_MS = 60_000;

/** `inPhaseMs`: how long this leader has seen it in its phase. */
export function rotationStep(
  operation: Operation,
  cluster: ClusterState,
  inPhaseMs: Duration,
): OperationStep {
  const missing = authorityLaggards(cluster);
  if (missing.length === 0)
    return operation.phase === 'trusting' ? enter(operation, 'issuing') : end(operation, null);
  if (inPhaseMs < PATIENCE_MS) return { kind: 'wait' };
  const named = missing.map((id) => {
    const { liveness } = cluster.nodes[id] ?? {};
    return liveness === 'alive' ? id : `${id} (${liveness})`;
  });
  return end(
    operation,
    `${outcome(operation)}: no word from ${named.join(', ')} for ${PATIENCE_MS / 1000} s`,
  );
}

function outcome({ kind, phase }: Operation): string {
  if (kind === 'retire-ca') return 'the old CA is refused; not all nodes said so';
  if (phase === 'trusting') return 'nothing was changed';
  return 'both CAs are trusted and the new one signs; the same command goes on';
}
