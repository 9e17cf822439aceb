/**
 * Where the daemon may connect to on somebody's word: addresses that a configuration or a name server gives.
 * This machine is refused unless it was allowed, because services on loopback trust their callers; link-local
 * addresses always, because there clouds hand out credentials. The answer holds addresses, and whoever
 * connects must use these and not ask for the name again: it may have another meaning by then.
 */
import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** What a name means now. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export interface OutwardHost {
  /** A name or an address; IPv6 in brackets or not. */
  readonly host: string;
  readonly allowLoopback: boolean;
  readonly signal: AbortSignal;
  /** The system's resolver unless given. */
  readonly resolve?: Resolve;
}

/**
 * `refused`: asking again is pointless until somebody changes something. `unknown`: the name server failed.
 */
export type OutwardAddresses =
  | { readonly ok: true; readonly addresses: readonly LookupAddress[]; readonly loopback: boolean }
  | { readonly ok: false; readonly why: 'refused' | 'unknown'; readonly reason: string };

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
// "this host": Linux connects to loopback
LOOPBACK.addSubnet('0.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');
LOOPBACK.addAddress('::', 'ipv6');

const FORBIDDEN = new BlockList();
FORBIDDEN.addSubnet('169.254.0.0', 16, 'ipv4');
FORBIDDEN.addSubnet('224.0.0.0', 4, 'ipv4');
FORBIDDEN.addAddress('255.255.255.255', 'ipv4');
FORBIDDEN.addSubnet('fe80::', 10, 'ipv6');
FORBIDDEN.addSubnet('ff00::', 8, 'ipv6');
// the metadata service of a cloud that has it in IPv6 as well
FORBIDDEN.addAddress('fd00:ec2::254', 'ipv6');

function isIn(list: BlockList, { address, family }: LookupAddress): boolean {
  return list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

const systemResolve: Resolve = (host) => lookup(host, { all: true });

/**
 * `work`, or a rejection once `signal` is aborted: name servers and connections under way know no signals.
 */
export async function until<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  work.catch(() => {}); // when the signal wins, the loser's failure is nobody's
  let onAbort = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The addresses of `host`, if all of them may be connected to; rejects once `signal` is aborted. */
export async function outwardAddresses(goal: OutwardHost): Promise<OutwardAddresses> {
  const host = goal.host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(host);
  let addresses: readonly LookupAddress[];
  try {
    const { signal, resolve = systemResolve } = goal;
    addresses = family === 0 ? await until(signal, resolve(host)) : [{ address: host, family }];
  } catch (error) {
    goal.signal.throwIfAborted();
    const code = (error as NodeJS.ErrnoException).code ?? 'no answer';
    return { ok: false, why: 'unknown', reason: `${host} has no address: ${code}` };
  }
  const refused = (what: string): OutwardAddresses => ({
    ok: false,
    why: 'refused',
    reason: family === 0 ? `${host} is ${what}` : `the target is ${what}`,
  });
  if (addresses.length === 0) return { ok: false, why: 'unknown', reason: `${host} has no address` };
  if (addresses.some((a) => isIn(FORBIDDEN, a)))
    return refused('a link-local or multicast address, where no receiver of notifications is');
  const loopback = addresses.some((a) => isIn(LOOPBACK, a));
  if (loopback && !goal.allowLoopback)
    return refused('this machine: add allow_loopback: true to this notifier if it is meant');
  return { ok: true, addresses, loopback };
}
