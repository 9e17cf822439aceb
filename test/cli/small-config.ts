/**
 * The configuration of the small cluster: versions of texts, no meaning; a text with the word "wrong" has an
 * issue in its second line, one with "slow" is not acknowledged by n3.
 */
import type { ConfigVersionRow } from '../../src/api/index.ts';
import { must, SqlccError } from '../../src/base/index.ts';
import { configHash } from '../../src/config/index.ts';
import type { Answer, Call, Handlers } from '../../src/rpc/index.ts';

const AT = '2026-01-02T03:04:05.678Z';
const EXPIRES = '2026-01-02T03:05:05.678Z';
const CHANGE = { path: 'raft.heartbeat_interval_ms', from: 50, to: 100, effect: 'live' } as const;
const FILE_CHANGE = { path: 'cluster.network.port', from: 5433, to: 6433, effect: 'restart' } as const;

interface Version {
  readonly row: ConfigVersionRow;
  readonly text: string;
}

export interface Put {
  readonly text: string;
  readonly reason?: string;
  readonly dry_run?: boolean;
  readonly if_version?: number;
  readonly replace?: boolean;
  readonly confirm_within_ms?: number;
}

export class SmallConfig {
  readonly versions: Version[] = [];
  /** What was asked for, oldest first. */
  readonly puts: Put[] = [];
  /** Somebody else makes a version right behind the next reading. */
  isOvertaken = false;
  tentative: { version: number; previous: number; expires: string } | null = null;

  constructor() {
    this.#make('cluster:\n  name: small\n', {});
  }

  get text(): string {
    return this.#active().text;
  }

  #active(): Version {
    return must(this.versions.at(-1), 'a version');
  }

  #make(text: string, { reason = '' }: { readonly reason?: string | undefined }): void {
    const was = this.versions.pop();
    if (was !== undefined) this.versions.push({ ...was, row: { ...was.row, is_active: false } });
    const version = this.versions.length + 1;
    const made = {
      create_time: AT,
      create_node: 'n1',
      changes: [],
      is_active: true,
      author: 'admin',
      reason,
    };
    const row = { version, config_hash: configHash(text), ...made, confirmation: null };
    this.versions.push({ row, text });
  }

  #find(version: string | undefined): Version {
    if (version === undefined) return this.#active();
    const found = this.versions.find((v) => v.row.version === Number(version));
    if (found === undefined) throw new SqlccError('not_found', `no configuration version ${version}`);
    return found;
  }

  handlers(read: { readonly node_id: string }): Handlers {
    const of = (body: object): Answer => ({ body: { schemaVersion: 1, ...body, read } });
    const rows = [
      { node_id: 'n1', version: 1, config_file: '/etc/n1.yaml', pending: [], file_issue: null, error: null },
      { node_id: 'n2', version: 1, config_file: '/etc/n2.yaml', pending: [FILE_CHANGE] },
      { node_id: 'n3', version: null, config_file: null, pending: [], file_issue: null, error: 'it is gone' },
    ].map((row) => ({ file_issue: null, error: null, ...row }));
    return {
      config: async ({ query }) => {
        const { row, text } = this.#find(query['version']);
        if (this.isOvertaken) this.#make('other: {}\n', {});
        this.isOvertaken = false;
        return of({ version: row, text });
      },
      configVersions: async () => of({ versions: this.versions.map((v) => v.row) }),
      configDiff: async ({ query }) => {
        const to = this.#find(query['to']).row.version;
        return of({ from: Number(query['from'] ?? to - 1), to, changes: to === 1 ? [] : [CHANGE] });
      },
      configPending: async () => of({ nodes: rows }),
      putConfig: async (call) => this.#put(call.body as Put),
      rollbackConfig: async (call) => this.#rollback(call),
      activateConfig: async (call) => this.#activate(call),
      confirmConfig: async () => {
        const { tentative } = this;
        if (tentative === null) throw new SqlccError('failed_precondition', 'no configuration is on trial');
        this.tentative = null;
        return { body: { schemaVersion: 1, version: tentative.version } };
      },
    };
  }

  #put(put: Put): Answer {
    const { text, dry_run: isDry, confirm_within_ms: within } = put;
    this.puts.push(put);
    if (text.includes('wrong')) {
      const issues = [
        { line: 2, column: 3, path: 'cluster.wrong', message: 'is no key', hint: 'did you mean name?' },
        { line: 1, column: 1, path: 'cluster.name', message: 'cluster.name is missing', hint: '' },
      ];
      throw new SqlccError('config_invalid', 'the configuration has 2 issues', { details: { issues } });
    }
    const current = this.#active().row.version;
    if (isDry !== true && put.if_version !== undefined && put.if_version !== current) {
      throw new SqlccError('conflict', `the configuration is at version ${current}, not ${put.if_version}`);
    }
    if (isDry === true) return this.#answer({ applied: false, isSlow: false });
    this.#make(text, put);
    if (within !== undefined) this.tentative = { version: current + 1, previous: current, expires: EXPIRES };
    return this.#answer({ applied: true, isSlow: text.includes('slow') });
  }

  #answer({ applied, isSlow }: { readonly applied: boolean; readonly isSlow: boolean }): Answer {
    const nodes = ['n1', 'n2', 'n3'].map((node_id) =>
      isSlow && node_id === 'n3'
        ? { node_id, outcome: 'unknown', ms: null, error: 'no answer within 3000 ms' }
        : { node_id, outcome: 'applied', ms: 12.5, error: null },
    );
    return {
      body: {
        ...{ schemaVersion: 1, version: this.#active().row.version, changes: [CHANGE] },
        ...{ notes: ['node_id is local: ignored'], applied, nodes: applied ? nodes : [] },
        ...{ acknowledged: !isSlow, tentative: this.tentative },
      },
    };
  }

  #activate(call: Call): Answer {
    const { is_active: isActive, version } = this.#find(call.params['version']).row;
    if (!isActive) return this.#rollback(call);
    if (this.tentative?.version === version) this.tentative = null;
    const none = { changes: [], notes: [], applied: false, nodes: [], acknowledged: true, tentative: null };
    return { body: { schemaVersion: 1, version, ...none } };
  }

  #rollback({ params, body }: Call): Answer {
    const { text, row } = this.#find(params['version']);
    if (row.is_active) throw new SqlccError('conflict', `version ${row.version} is active already`);
    this.#make(text, body as { reason?: string });
    return this.#answer({ applied: true, isSlow: false });
  }
}
