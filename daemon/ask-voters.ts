/** An observer's way to a new certificate: the voters on record are asked in turn, until one signs. */
import { errorFromWire, type RenewResponse } from '../src/api/index.ts';
import { type NodeId, SqlccError } from '../src/base/index.ts';
import type { HttpClient } from '../src/rpc/index.ts';
import type { StateLink } from './state-link.ts';

const TIMEOUT_MS = 5000;

export interface AskParts {
  readonly nodeId: NodeId;
  readonly http: HttpClient;
  readonly state: Pick<StateLink, 'cluster'>;
}

/**
 * The certificate for that key, PEM, and what else a voter gives; throws what the last voter said, or
 * unavailable.
 */
export async function askVoters(parts: AskParts, publicKeyPem: string): Promise<RenewResponse> {
  const { nodeId, http, state } = parts;
  const nodes = Object.values(state.cluster?.nodes ?? {});
  let refusal = new SqlccError('unavailable', 'no voter is on record');
  for (const voter of nodes.filter((n) => n.suffrage === 'voter' && n.nodeId !== nodeId)) {
    try {
      const answer = await http.request({
        endpoint: `${voter.host.includes(':') ? `[${voter.host}]` : voter.host}:${voter.port}`,
        method: 'POST',
        path: `/v1/nodes/${encodeURIComponent(nodeId)}/certificate`,
        body: { public_key: publicKeyPem },
        timeoutMs: TIMEOUT_MS,
      });
      if (answer.status >= 300) throw errorFromWire(answer.status, answer.json());
      return answer.json() as RenewResponse;
    } catch (error) {
      if (!(error instanceof SqlccError)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

/** What a renewal asks a voter for. */
export function voterAsked(parts: AskParts): (publicKeyPem: string) => Promise<string> {
  return async (publicKeyPem) => (await askVoters(parts, publicKeyPem)).certificate;
}
