/**
 * Names of hosts, remembered: a name server that is slow or dead parts nobody from a node that was reached
 * before. The name server's word is taken whenever it comes soon; else what the name meant last time. An
 * address that means somebody else by now costs a refused handshake: who a node is stands in its
 * certificate, not in its name.
 *
 * One question for a name is out at a time: callers share it, however often they dial, so that a dead name
 * server does not fill the threads that also sync the log.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { LIMITS } from '../base/index.ts';

/** How long a caller waits for the name server when it could do with what it knows. */
const PATIENCE_MS = 300;

type Addresses = readonly LookupAddress[];
export type Resolve = (host: string) => Promise<Addresses>;

const systemResolve: Resolve = (host) => lookup(host, { all: true });

export class HostMemory {
  readonly #resolve: Resolve;
  readonly #known = new Map<string, Addresses>();
  readonly #asked = new Map<string, Promise<Addresses>>();
  #learned: (() => void) | null = null;

  constructor(resolve: Resolve = systemResolve) {
    this.#resolve = resolve;
  }

  /** Takes what an earlier life knew; whatever is no table of addresses is left out. */
  learn(table: unknown): void {
    if (typeof table !== 'object' || table === null) return;
    for (const [host, texts] of Object.entries(table)) {
      if (!Array.isArray(texts)) continue;
      const addresses = texts.flatMap((address: unknown) => {
        const family = typeof address === 'string' ? isIP(address) : 0;
        return family === 0 ? [] : [{ address: address as string, family }];
      });
      if (addresses.length > 0) this.#remember(host, addresses);
    }
  }

  /** Host → addresses, for a file. */
  table(): Record<string, string[]> {
    return Object.fromEntries([...this.#known].map(([host, all]) => [host, all.map((a) => a.address)]));
  }

  /** Called whenever a name is new or means something else. */
  onLearned(learned: () => void): void {
    this.#learned = learned;
  }

  /** For `connect` of node:net and node:tls. */
  readonly lookup: LookupFunction = (host, options, callback) => {
    const answer = (addresses: Addresses): void => {
      const wanted = options.family === 4 || options.family === 6 ? options.family : 0;
      const fitting = addresses.filter((a) => wanted === 0 || a.family === wanted);
      const [first] = fitting.length > 0 ? fitting : addresses;
      if (options.all === true) callback(null, [...(fitting.length > 0 ? fitting : addresses)]);
      else callback(null, first?.address ?? '', first?.family);
    };
    this.#addresses(host).then(answer, (error: NodeJS.ErrnoException) => callback(error, []));
  };

  async #addresses(host: string): Promise<Addresses> {
    const known = this.#known.get(host);
    const asked = this.#ask(host);
    if (known === undefined) return asked;
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<Addresses>((resolve) => {
      timer = setTimeout(() => resolve(known), PATIENCE_MS);
    });
    const word = await Promise.race([asked.catch(() => known), patience]);
    clearTimeout(timer);
    return word;
  }

  #ask(host: string): Promise<Addresses> {
    const under = this.#asked.get(host);
    if (under !== undefined) return under;
    const asked = this.#resolve(host)
      .then((addresses) => {
        if (addresses.length > 0) this.#note(host, addresses);
        return addresses;
      })
      .finally(() => this.#asked.delete(host));
    this.#asked.set(host, asked);
    asked.catch(() => {}); // whoever waits is told; nobody may wait any more
    return asked;
  }

  #note(host: string, addresses: Addresses): void {
    const text = (all: Addresses | undefined): string => JSON.stringify(all?.map((a) => a.address).sort());
    const isNews = text(this.#known.get(host)) !== text(addresses);
    this.#remember(host, addresses);
    if (isNews) this.#learned?.();
  }

  /** The name that was used longest ago makes room. */
  #remember(host: string, addresses: Addresses): void {
    this.#known.delete(host);
    this.#known.set(host, addresses);
    const [oldest] = this.#known.keys();
    if (this.#known.size > LIMITS.maxRememberedHosts && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** What this thread knows; `dial` asks it. */
export const HOSTS = new HostMemory();
