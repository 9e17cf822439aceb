/** What is wrong with the cluster: what nobody can do for it stands before the reasons. */
import type { StatusResponse } from '../feed/wire.ts';
import { clean } from '../format/width.ts';
import { age } from '../format/words.ts';
import { quorumFacts, vacancyWords } from '../model/selectors.ts';
import { NO_LEADER } from '../model/shown-status.ts';
import { type Line, span } from '../theme/tokens.ts';

/** Why nothing can be written, in the fewest words; who is missing may be cut. */
function whyNot(status: StatusResponse): string | null {
  const { isolation } = status;
  if (isolation != null) {
    const { reached, missing, since_ms: since } = isolation;
    const who = `${missing.map(clean).join(', ')} missing ${age(since)}`;
    const voters = reached.length + missing.length;
    return `${reached.length} of ${voters} reached, ${status.raft.quorum} needed (${who})`;
  }
  return quorumFacts(status).spare < 0 ? vacancyWords(status) : null;
}

/** Reasons that `whyNot` has said in other words. */
function isSaid(reason: string, { isolation }: StatusResponse): boolean {
  return reason === NO_LEADER || reason === isolation?.text || reason.startsWith('no quorum: ');
}

/** The first words, and the reasons in the order in which they may be cut. */
export function healthWords(status: StatusResponse): readonly [what: string, reasons: readonly string[]] {
  const { health, reasons } = status.cluster;
  if (health !== 'critical') return [health, reasons.map(clean)];
  const why = whyNot(status);
  const others = why === null ? reasons : [why, ...reasons.filter((r) => !isSaid(r, status))];
  return ['NO WRITES', others.map(clean)];
}

/** For a line that has as many cells as it needs, or is cut at its end. */
export function healthLine(status: StatusResponse, between: string): Line {
  const [what, reasons] = healthWords(status);
  const isCritical = status.cluster.health === 'critical';
  const head = ` ${isCritical ? '!!' : '! '} ${what}: `;
  return [span(head, isCritical ? 'critical' : 'warning'), span(reasons.join(between))];
}

/** Behind a banner that is cut: that nothing can be written, and each reason as the nodes tell it. */
export function noWritesSentences(status: StatusResponse | null): readonly string[] {
  if (status?.cluster.health !== 'critical') return [];
  const [what, [why]] = healthWords(status);
  return [
    `!! ${what}${why === undefined ? '' : `: ${why}`}.`,
    ...status.cluster.reasons.filter((r) => r !== why).map((r) => `Because ${clean(r)}.`),
  ];
}
