/**
 * The doors of a drained node: requests for data are sent to the leader, and after a while the
 * clients that stayed are let go. Other nodes and the management of the cluster are served as before.
 */
import { ENDPOINTS, type EndpointName } from '../src/api/index.ts';
import { LIMITS, type NodeId, SqlccError } from '../src/base/index.ts';
import type { ClusterState } from '../src/cluster/index.ts';
import { drainOf } from '../src/cluster/index.ts';
import type { Answer, Handler, Handlers } from '../src/rpc/index.ts';
import type { LeaderAddress } from './protocol.ts';

export interface GateParts {
  readonly nodeId: NodeId;
  readonly cluster: () => ClusterState | null;
  readonly leader: () => LeaderAddress | null;
}

/** Why a request for data is not answered here; null = it is. A node that leads serves until it does not. */
function drainRefusal({ nodeId, cluster, leader }: GateParts): SqlccError | null {
  const state = cluster();
  // asked for each request: most clusters never had a drain
  if (state?.drains === undefined) return null;
  // by the record alone: the leader takes out what is over, by more clocks than this one
  const drain = drainOf(state, nodeId);
  const to = leader();
  if (drain === undefined || to === null || to.node_id === nodeId) return null;
  const why = drain.reason === '' ? '' : ` (${drain.reason})`;
  return new SqlccError('not_leader', `${nodeId} is drained by ${drain.owner}${why}: ask ${to.node_id}`, {
    details: { leader: to, drained: true },
    hint: `ask another node, or take clients back with: sqlcc node undrain ${nodeId}`,
  });
}

function isStream(name: string): boolean {
  return (ENDPOINTS[name as EndpointName] as { stream?: boolean }).stream === true;
}

function ending(answer: Answer, signal: AbortSignal): Answer {
  return answer.stream === undefined ? answer : { ...answer, stream: until(answer.stream, signal) };
}

/** The lines of `stream` until the signal. */
async function* until(
  stream: AsyncIterable<unknown>,
  signal: AbortSignal,
): AsyncGenerator<unknown, void, void> {
  const iterator = stream[Symbol.asyncIterator]();
  let stop = (): void => {};
  const over = new Promise<{ readonly done: true; readonly value: undefined }>((resolve) => {
    stop = () => resolve({ done: true, value: undefined });
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), over]);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener('abort', stop);
    void iterator.return?.();
  }
}

/** The same handlers; those of data ask the gate first, and endless answers end when it closes for good. */
export function gated(
  handlers: Handlers,
  refusal: () => SqlccError | null,
  closed: () => AbortSignal,
): Handlers {
  const entries = Object.entries(handlers).map(([name, handler]): [string, Handler] => {
    const isData = (ENDPOINTS[name as EndpointName] as { clientPort?: boolean }).clientPort === true;
    if (!isData) return [name, handler];
    return [
      name,
      (call) => {
        const error = refusal();
        if (error !== null) return Promise.reject(error);
        return isStream(name) ? handler(call).then((answer) => ending(answer, closed())) : handler(call);
      },
    ];
  });
  return Object.fromEntries(entries) as Handlers;
}

/** What lets the clients of a listener go. */
export interface Doors {
  /** Says goodbye now, and closes what is still there after `graceMs`. */
  readonly dismiss: (graceMs: number) => void;
}

/** Lets clients go while the node is drained. */
export class DrainGate {
  readonly #parts: GateParts;
  readonly #doors: () => readonly Doors[];
  readonly #told: (text: string) => void;
  #isClosed = false;
  #timer: NodeJS.Timeout | null = null;
  #closing = new AbortController();

  /** `told` hears of each change. */
  constructor(parts: GateParts, doors: () => readonly Doors[], told: (text: string) => void) {
    this.#parts = parts;
    this.#doors = doors;
    this.#told = told;
  }

  readonly refusal = (): SqlccError | null => drainRefusal(this.#parts);

  /** Aborted when clients that stayed are let go; a new one once the node takes clients again. */
  readonly closed = (): AbortSignal => this.#closing.signal;

  /** Looks at the record and at who leads. */
  follow(): void {
    const isClosed = this.refusal() !== null;
    if (isClosed === this.#isClosed) return;
    this.#isClosed = isClosed;
    if (isClosed) return this.#close();
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#closing.signal.aborted) this.#closing = new AbortController();
    this.#told('takes clients');
  }

  #close(): void {
    this.#told('sends clients away');
    const { nodeId, cluster } = this.#parts;
    const state = cluster();
    const drain = state === null ? undefined : drainOf(state, nodeId);
    const graceMs = drain?.graceMs ?? LIMITS.drainGraceMs;
    for (const door of this.#doors()) door.dismiss(graceMs);
    this.#timer = setTimeout(() => this.#closing.abort(), graceMs);
    this.#timer.unref();
  }
}
