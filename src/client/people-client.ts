/** Users and certificates: one method a route. */
import type { ResponseOf } from '../api/index.ts';
import type { Run } from './kv-client.ts';
import type { CallOptions, PinnedOptions } from './types.ts';

export interface UserSet {
  readonly name: string;
  readonly role: string;
  /** `grant`: only somebody who is on record. */
  readonly mode: 'add' | 'grant';
  readonly reason?: string;
}

/** By serial number (hex), or all that a name has; one of both. */
export interface CertificateRevoke {
  readonly serial?: string;
  readonly name?: string;
  readonly reason?: string;
}

export class PeopleClient {
  readonly #run: Run;

  constructor(run: Run) {
    this.#run = run;
  }

  async users(call: CallOptions = {}): Promise<ResponseOf<'users'>> {
    const dispatch = { name: 'users', kind: 'control', repeat: 'free', ...call } as const;
    return (await this.#run(dispatch)) as ResponseOf<'users'>;
  }

  /** Not repeated after a lost answer: `outcome_unknown`. */
  async set({ name, ...body }: UserSet, call: CallOptions = {}): Promise<ResponseOf<'setUser'>> {
    const told = { params: { id: name }, body };
    const dispatch = { name: 'setUser', kind: 'control', repeat: 'once', ...told, ...call } as const;
    return (await this.#run(dispatch)) as ResponseOf<'setUser'>;
  }

  /** Certificates and tokens of that name are refused on all nodes within 10 s. */
  async revoke(name: string, reason?: string, call: CallOptions = {}): Promise<void> {
    const params = { params: { id: name }, query: { reason } };
    await this.#run({ name: 'revokeUser', kind: 'control', repeat: 'once', ...params, ...call });
  }

  /** What one node knows: its own, and those that it was shown. */
  async certificates({ node, ...call }: PinnedOptions = {}): Promise<ResponseOf<'certificates'>> {
    const dispatch = { name: 'certificates', kind: 'control', repeat: 'free', ...call } as const;
    return (await this.#run(dispatch, node)) as ResponseOf<'certificates'>;
  }

  /** Refused on all nodes within 10 s, also where a session is open. */
  async revokeCertificate(body: CertificateRevoke, call: CallOptions = {}): Promise<void> {
    await this.#run({ name: 'revokeCertificate', kind: 'control', repeat: 'once', body, ...call });
  }

  /** A certificate for the key of a request, with the name and role that the caller has. */
  async renewOwn(body: { csr: string }, call: CallOptions = {}): Promise<ResponseOf<'renewOwnCertificate'>> {
    const dispatch = { name: 'renewOwnCertificate', kind: 'control', repeat: 'free', body, ...call } as const;
    return (await this.#run(dispatch)) as ResponseOf<'renewOwnCertificate'>;
  }

  /** A node renews its own certificate now. */
  async renewNode({ node, ...call }: PinnedOptions): Promise<ResponseOf<'renewNodeCertificate'>> {
    const dispatch = {
      name: 'renewNodeCertificate',
      kind: 'control',
      repeat: 'free',
      body: {},
      ...call,
    } as const;
    return (await this.#run(dispatch, node)) as ResponseOf<'renewNodeCertificate'>;
  }
}
