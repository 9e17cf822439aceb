/**
 * The three doors of a daemon to people and programs: `port` (API, and gossip's
 * streams between nodes), `client_port` (the routes of data), `metrics_port` (plain
 * HTTP for metrics and health, loopback unless configured: plain-answers.ts).
 */
import type { X509Certificate } from 'node:crypto';
import { allows, type Identity, NOBODY } from '../src/auth/index.ts';
import { AssertionError } from '../src/base/index.ts';
import { type Denied, H2Server, PlainServer, Router, type RouterOptions } from '../src/rpc/index.ts';
import { createAuthenticator } from './authenticate.ts';
import type { NodePki } from './data-files.ts';
import type { Denials } from './denials.ts';
import { type Doors, DrainGate, gated } from './drain-gate.ts';
import { failStop } from './fail-stop.ts';
import { createHandlers } from './handlers.ts';
import { tellIssued } from './issued.ts';
import { tellSeen } from './known-certificates.ts';
import type { NodeContext } from './node-context.ts';
import type { NodeParts } from './node-parts.ts';
import { plainAnswer } from './plain-answers.ts';
import type { Door } from './seen-certificates.ts';

/** Requests under way get this long to end when the daemon stops. */
const GRACE_MS = 800;
const DENIALS_FLUSH_MS = 10_000;

export class Listeners {
  readonly #parts: NodeParts;
  readonly #context: () => NodeContext;
  #servers: H2Server[] = [];
  #plain: PlainServer | null = null;
  #timer: NodeJS.Timeout | null = null;
  #isTelling = false;
  /** Serial numbers of certificates that the leader would not note. */
  readonly #refused = new Set<string>();

  /** `context` is asked at start: the parts and their context need each other. */
  constructor(parts: NodeParts, context: () => NodeContext) {
    this.#parts = parts;
    this.#context = context;
  }

  /** Open connections of people and programs. */
  get connections(): number {
    return this.#servers.reduce((n, s) => n + s.connections, 0);
  }

  async start(): Promise<void> {
    const { pki, facts, gossip, state } = this.#parts;
    const { network, monitoring } = this.#parts.inForce.config;
    const context = this.#context();
    const gate = this.#gateOf(context);
    const handlers = gated(createHandlers(context), gate.refusal, gate.closed);
    const authenticator = createAuthenticator(facts.clusterId, () => state.cluster);
    const rules: RouterOptions = {
      handlers,
      authorize: (identity, scope) => allows(identity.role, scope),
      onBug: (error, endpoint) => onBug(context, error, endpoint),
      onDenied: (denied) => noteDenied(context.denials, denied),
    };
    const shared = {
      tls: { clusterId: facts.clusterId, ca: pki.caCert, cert: pki.nodeCert, key: pki.nodeKey },
      host: network.host,
    };
    const authenticate =
      (door: Door) =>
      async (certificate: X509Certificate | null, bearer: string | null): Promise<Identity | null> => {
        const identity = authenticator.authenticate(certificate, bearer);
        if (certificate !== null && identity !== null)
          context.seen.note(certificate, identity, { door, now: Date.now() });
        return identity;
      };
    const api = new H2Server({
      ...shared,
      port: network.port,
      authenticate: authenticate('port'),
      router: new Router(rules),
      onPeerStream: (claim, purpose, stream) => gossip.accept(claim, purpose, stream),
    });
    const data = new H2Server({
      ...shared,
      port: network.clientPort,
      authenticate: authenticate('client_port'),
      router: new Router({ ...rules, only: 'client-port' }),
    });
    this.#servers = [api, data];
    this.#timer = setInterval(() => this.#tellRest(context), DENIALS_FLUSH_MS);
    this.#timer.unref();
    for (const server of this.#servers) await server.start();
    this.#plain = new PlainServer({
      host: monitoring.metricsHost,
      port: monitoring.metricsPort,
      handle: (question) => plainAnswer(context, question),
    });
    await this.#plain.start();
  }

  /** What was counted of refusals, what was signed here without this daemon, and what people showed. */
  #tellRest(context: NodeContext): void {
    context.denials.flush(performance.now());
    if (this.#isTelling) return;
    this.#isTelling = true;
    void tellIssued(context)
      .then(() => tellSeen(context, this.#refused))
      .finally(() => {
        this.#isTelling = false;
      });
  }

  /** Data of a drained node are asked for elsewhere; what this is about is in the record and who leads. */
  #gateOf({ logger }: NodeContext): DrainGate {
    const { facts, state, reads, consensus } = this.#parts;
    const doors = (): Doors[] =>
      // between nodes there are sessions on the first port only
      this.#servers.map((server, n) => ({ dismiss: (graceMs) => server.dismiss(graceMs, n > 0) }));
    const parts = { nodeId: facts.nodeId, cluster: () => state.cluster, leader: () => reads.leader() };
    const gate = new DrainGate(parts, doors, (what) => logger.log('info', 'drain', { what }));
    consensus.onStatus(() => gate.follow());
    return gate;
  }

  /** New connections see this certificate; old ones go on. */
  reload(pki: NodePki): void {
    const { clusterId } = this.#parts.facts;
    for (const server of this.#servers) {
      server.reload({ clusterId, ca: pki.caCert, cert: pki.nodeCert, key: pki.nodeKey });
    }
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await Promise.all([...this.#servers.map((s) => s.stop(GRACE_MS)), this.#plain?.stop()]);
    this.#servers = [];
  }
}

/** By address alone where nobody proved to be anybody: that is all that is known then. */
function noteDenied(denials: Denials, denied: Denied): void {
  const { code, identity, former, remoteAddress, endpoint } = denied;
  const isSomebody = identity !== null && identity !== NOBODY;
  const who = isSomebody ? `${identity.role} ${identity.id}` : (former ?? 'nobody');
  denials.note({ who, from: remoteAddress }, `${code} ${endpoint ?? 'credentials'}`, performance.now());
}

/** A node that contradicts itself must not go on; any other surprise costs the request that met it. */
function onBug(context: NodeContext, error: unknown, endpoint: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (error instanceof AssertionError) failStop(`route ${endpoint}`, text);
  context.logger.log('error', 'route-failed', { endpoint, error: text });
}
