/** What a caller gives to the screen and to its scripted modes; nothing here draws. */
import type { SqlccClient } from '../src/client/index.ts';
import type {
  AlertRow,
  EventLine,
  HistoryResponse,
  OperationRequest,
  OperationView,
  Plan,
  StatusResponse,
  ViewsResponse,
} from './feed/wire.ts';
import type { Token } from './theme/tokens.ts';

/** The part of the client SDK that views and changes use beyond that; `SqlccClient` has it too. */
export type DeskClient = Pick<
  SqlccClient,
  | 'status'
  | 'operations'
  | 'config'
  | 'configVersions'
  | 'configPending'
  | 'configDiff'
  | 'putConfig'
  | 'rollbackConfig'
  | 'confirmConfig'
  | 'cancelOperation'
  | 'acknowledgeAlert'
  | 'audit'
> & {
  readonly alerting: Pick<
    SqlccClient['alerting'],
    'silences' | 'silence' | 'unsilence' | 'unacknowledge' | 'explain'
  >;
  readonly health: Pick<SqlccClient['health'], 'log'>;
  readonly steering: Pick<SqlccClient['steering'], 'pause' | 'resume'>;
};

/** The part of the client SDK that the picture needs; `SqlccClient` has it. */
export interface TopClient {
  status(options?: { stale?: boolean; node?: string }): Promise<StatusResponse>;
  alerts(options?: { node?: string }): Promise<{ alerts: AlertRow[] }>;
  views(options?: { node?: string }): Promise<ViewsResponse>;
  history(seconds: number, options?: { stepMs?: number }): Promise<HistoryResponse>;
  events(options?: {
    after?: string;
    follow?: boolean;
    signal?: AbortSignal;
    node?: string;
  }): AsyncIterable<EventLine>;
  planOperation(request: OperationRequest): Promise<Plan>;
  runOperation(request: OperationRequest): Promise<OperationView>;
  operation(id: string): Promise<OperationView>;
}

/** The clusters of a person's contexts, each with a client that is made when it is asked for. */
export interface Fleet {
  readonly names: readonly string[];
  /** Opens no connection; rejects when the context can't be used. */
  connect(name: string): Promise<{ readonly client: TopClient & DeskClient }>;
}

/** Streams and environment of the process, given so that tests can stand in. */
export interface TopIo {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export type ThemeName = 'default' | 'high-contrast' | 'colour-blind' | 'mono';

/** The views that a command line names, for the screen and for texts: the head stands above each of them. */
export type TextView = 'topology' | 'raft' | 'alerts' | 'config' | 'events' | 'log' | 'operations' | 'node';

export interface TopOptions {
  /** No action may be started from the keyboard. */
  readonly readOnly?: boolean;
  /** The cluster ends together with the screen: in words that ask, and what is said of it when it begins. */
  readonly ephemeral?: { readonly ends: string; readonly notice: string };
  /** Lines instead of a screen: no alternate screen, no boxes, a line a change. */
  readonly plain?: boolean;
  /** Times in UTC, and the header says so; else in the zone of this machine. */
  readonly utc?: boolean;
  /** Clicks and the wheel are heard. */
  readonly mouse?: boolean;
  readonly ascii?: boolean;
  /** Every line is written whole with each change, not only its changed end. */
  readonly wholeLines?: boolean;
  readonly noColor?: boolean;
  readonly theme?: ThemeName;
  /** A person's own theme instead. */
  readonly ownTheme?: Readonly<Record<Token, string>>;
  /** Where `keys.yaml` may lie. */
  readonly settingsFolder?: string;
  /** The view that it begins in; Topology unless told. */
  readonly view?: TextView;
  /** The filter that it begins with, as `/` takes it. */
  readonly filter?: string;
  /** The node that the bar begins on. */
  readonly node?: string;
  /** How often the status is asked for; 1000 unless told. Events arrive at once in between. */
  readonly refreshMs?: number;
  /** A recorded session (NDJSON) instead of a cluster. */
  readonly replay?: string;
  /** Pace of a replay: 1 = as recorded, 0 = all at once with the clock standing at its end. */
  readonly replaySpeed?: number;
  /** The recording stands for a cluster, and is not called one: for pictures of the screen. */
  readonly asCluster?: true;
  /** A new file that gets what was answered, for a replay. */
  readonly record?: string;
}

export interface RunTop {
  /** Null only together with `options.replay`. */
  readonly client: (TopClient & DeskClient) | null;
  readonly clusterName: string;
  /** Name of the context in the user's configuration; the header shows it when it differs. */
  readonly contextName: string;
  /** The first status, asked for already: whatever is loaded meanwhile takes longer than the answer. */
  readonly first?: Promise<StatusResponse>;
  /** Where other clusters can be looked at and gone to. */
  readonly fleet?: Fleet | undefined;
  readonly options: TopOptions;
  readonly io: TopIo;
}

/** A cluster that is opened behind the first sketch. */
export interface OpenTop extends Omit<RunTop, 'client' | 'fleet' | 'first'> {
  /** Rejects when nothing can be asked; opens no connection yet. */
  open(): Promise<Pick<RunTop, 'client' | 'fleet' | 'first'>>;
}
