/** What scenarios of cut networks need of a laboratory, of whatever its wires are made. */

export interface LabHost {
  readonly name: string;
  /** Where others reach it. */
  readonly address: string;
  /** The argv that runs a program there; empty where this process is. */
  readonly prefix: readonly string[];
  /** Where its programs listen; absent = at `address`, on the same ports as everywhere. */
  readonly listen?: { readonly address: string; readonly firstPort: number };
}

export interface Cables {
  readonly hosts: readonly LabHost[];
  readonly client: LabHost;
  /** Nothing comes from one host to the other from now on; the way back stays. */
  cut(from: LabHost, to: LabHost): void;
  /** Undoes `cut`. */
  restore(from: LabHost, to: LabHost): void;
  /** Makes every wire perfect. */
  heal(): void;
  /** Several changes at the same instant. */
  together(changes: () => void): void;
  /** A process has begun on a host, for wires that know a sender by its process. */
  began?(host: LabHost, pid: number): void;
}
