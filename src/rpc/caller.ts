/**
 * Who is at the other end of one connection: the certificate of its handshake, or the
 * bearer token of the request. A certificate that was shown and not verified makes
 * every request of the connection fail, whatever else is shown.
 *
 * What the authenticator said holds for 5 s: a revocation reaches open connections
 * within that time.
 */
import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Identity, NOBODY } from '../auth/index.ts';
import { SqlccError } from '../base/index.ts';
import { checkValidity } from '../pki/index.ts';
import { peerCertificate } from './tls.ts';
import { certificateAdvice, certificateWords } from './tls-words.ts';
import { UnderWay } from './under-way.ts';
import { UnreadAnswers } from './unread.ts';

const TRUSTED_MS = 5000;

/** Identity of a verified certificate or of a bearer token; null when neither is good. */
export type Authenticate = (
  certificate: X509Certificate | null,
  bearer: string | null,
  address: string,
) => Promise<Identity | null>;

/** What is counted over all connections of a port. */
export interface CallerCounts {
  readonly unread: UnreadAnswers;
  readonly underWay: UnderWay;
}

export class Caller {
  readonly address: string;
  readonly #authenticate: Authenticate;
  /** As shown in the handshake; `identify` says whether it is good. */
  readonly certificate: X509Certificate | null;
  /** Why the certificate was not verified; null when it was, or when none was shown. */
  readonly #unverified: string | null;
  readonly #authenticated: () => void;
  /** Over all connections of the port. */
  readonly unread: UnreadAnswers;
  readonly underWay: UnderWay;
  #known: {
    readonly bearer: string | null;
    readonly until: number;
    readonly identity: Identity;
  } | null = null;

  /** `authenticated` is called when somebody proved who it is. */
  constructor(
    socket: TLSSocket,
    authenticate: Authenticate,
    authenticated: () => void,
    { unread, underWay }: CallerCounts = { unread: new UnreadAnswers(), underWay: new UnderWay() },
  ) {
    this.unread = unread;
    this.underWay = underWay;
    this.address = socket.remoteAddress ?? 'unknown';
    this.#authenticate = authenticate;
    this.certificate = peerCertificate(socket);
    const error = socket.authorizationError as Error | string | undefined;
    this.#unverified =
      this.certificate === null || socket.authorized ? null : String(error ?? 'not verified');
    this.#authenticated = authenticated;
  }

  /**
   * What counts together, as far as `identify` has found out: all that has one name (certificates are
   * renewed), a token, an address without either.
   */
  get account(): string {
    const identity = this.#known?.identity ?? null;
    return identity === null ? this.address : `${identity.kind} ${identity.id}`;
  }

  /**
   * Throws `unauthenticated` for an unverified certificate; null when the credentials are not valid. Known
   * already it is answered at once: a call stream asks for each of its calls.
   */
  identify(authorization: string | undefined): Identity | null | Promise<Identity | null> {
    if (this.#unverified !== null) {
      const words = certificateWords(this.#unverified);
      const why = words === null ? this.#unverified : `it ${words}`;
      throw new SqlccError('unauthenticated', `the certificate was refused: ${why}`, {
        details: { certificate: this.#unverified },
        hint: certificateAdvice(this.#unverified, 'caller'),
      });
    }
    const bearer = authorization === undefined ? null : bearerOf(authorization);
    if (bearer === undefined) return null;
    if (this.certificate === null && bearer === null) return NOBODY;
    const now = performance.now();
    if (this.#known !== null && this.#known.bearer === bearer && now < this.#known.until)
      return this.#known.identity;
    return this.#ask(bearer, now);
  }

  async #ask(bearer: string | null, now: number): Promise<Identity | null> {
    const identity = this.#stillValid()
      ? await this.#authenticate(this.certificate, bearer, this.address)
      : null;
    // a refusal is not kept: the clock may have been wrong, and the certificate good in the next moment
    this.#known = identity === null ? null : { bearer, until: now + TRUSTED_MS, identity };
    if (identity !== null) this.#authenticated();
    return identity;
  }

  /** A connection may outlive the certificate that opened it. */
  #stillValid(): boolean {
    return this.certificate === null || !('refused' in checkValidity(this.certificate, Date.now()));
  }
}

/** The token of `Bearer …`; undefined for another scheme. */
function bearerOf(authorization: string): string | undefined {
  return /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i.exec(authorization)?.[1];
}
