/**
 * The port between the screen and the world: what it may ask for, and the clock its
 * ages are measured with. Two implementations: a cluster through the client SDK, and
 * a recorded session. Nothing behind this port is drawn, nothing before it waits.
 */
import type {
  AlertRow,
  EventLine,
  HistoryResponse,
  OperationRequest,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
} from './wire.ts';

/** Takes one line of a recording, without its newline. */
export type Sink = (line: string) => void;

/** What a recording is: it ends, and nothing in it can be changed. */
export interface Replay {
  /** Its last moment. */
  readonly until: number;
  /** What was asked for and done is in it, and can be played. */
  readonly acts: boolean;
  /** It has events. */
  readonly tells: boolean;
  /** It does not play: one moment of it is shown, and no later one comes. */
  readonly stands?: true;
}

export interface Feed {
  /** True when `status` itself waits for the next picture; else it is asked at intervals. */
  readonly pushes: boolean;
  /** Wall clock in ms since 1970; a replay gives the time of the recording. */
  wall(): number;
  /** The picture as `node` sees it, or any node that answers. */
  status(node: string | null): Promise<StatusResponse>;
  alerts(node: string | null): Promise<readonly AlertRow[]>;
  views(node: string | null): Promise<ViewsResponse>;
  /** Samples of the last seconds, one each `stepMs` or all: what was before this screen was opened. */
  history(seconds: number, stepMs?: number): Promise<HistoryResponse>;
  /** Events behind the cursor `after` (undefined = new ones), as `node` tells them, live until the signal. */
  events(after: string | undefined, signal: AbortSignal, node: string | null): AsyncIterable<EventLine>;
  /** Events that there are by now: it ends behind the newest one. */
  kept(signal: AbortSignal): AsyncIterable<EventLine>;
  plan(request: OperationRequest): Promise<Plan>;
  run(request: OperationRequest): Promise<OperationView>;
  operation(id: string): Promise<OperationView>;
  /** Of a recording that plays: how far it goes, and what is in it. */
  readonly replay?: Replay;
  /** True when no further picture will come; a cluster never says so. */
  ended?(): boolean;
  /** Where what is answered is written down; absent = nowhere. */
  readonly sink?: Sink;
}
