/**
 * Port `ExternalEngine`: a database that replicates itself, guarded by the daemon on
 * its node. Declared so that the control plane stays neutral; no implementation yet.
 * The one idea: whoever holds the lease of the current epoch may take writes, and the
 * daemon fences an engine before its lease can end elsewhere.
 */
import type { Bytes, Epoch, NodeId } from '../base/index.ts';

/** What the engine on this node is and can do. */
interface EngineDescription {
  readonly product: string;
  readonly version: string;
  /** Identity of the data; two engines with different ones can't follow each other. */
  readonly systemId: string;
}

/** How the engine on this node feels now. */
interface EngineSample {
  readonly running: boolean;
  readonly acceptsWrites: boolean;
  readonly epoch: Epoch;
  /** Position in the engine's own log, in bytes. */
  readonly writtenBytes: Bytes;
  readonly replayedBytes: Bytes;
  readonly followers: readonly { readonly nodeId: NodeId; readonly confirmedBytes: Bytes }[];
}

export interface ExternalEngine {
  describe(): Promise<EngineDescription>;
  sample(): Promise<EngineSample>;
  /** Stops taking new writes and finishes the running ones; answers the position reached. */
  seal(signal: AbortSignal): Promise<Bytes>;
  /** Becomes the primary of `epoch`; refused when a later one is known. */
  promote(epoch: Epoch, signal: AbortSignal): Promise<void>;
  follow(primary: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<void>;
  /** Makes writes impossible by force, within the lease's rest. */
  fence(): Promise<void>;
  /** Copies the data of another node; what was here is moved aside first. */
  clone(from: { readonly host: string; readonly port: number }, signal: AbortSignal): Promise<void>;
}
