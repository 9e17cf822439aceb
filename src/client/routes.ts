/**
 * Method and path of every endpoint as plain text. The compiler compares each line
 * with the endpoint table, so that a client starts without loading the schemas (they
 * cost a fifth of a one-shot command's time) and still cannot drift from them.
 */
import type { ENDPOINTS, EndpointName } from '../api/index.ts';

type Table = typeof ENDPOINTS;

export const ROUTES: { readonly [N in EndpointName]: `${Table[N]['method']} ${Table[N]['path']}` } = {
  status: 'GET /v1/status',
  nodes: 'GET /v1/nodes',
  node: 'GET /v1/nodes/{id}',
  updateNode: 'PUT /v1/nodes/{id}',
  removeNode: 'DELETE /v1/nodes/{id}',
  announceNode: 'POST /v1/nodes/{id}/announce',
  renewCertificate: 'POST /v1/nodes/{id}/certificate',
  authorityKey: 'POST /v1/nodes/{id}/authority-key',
  followAuthority: 'POST /v1/nodes/{id}/authority',
  leader: 'GET /v1/leader',
  views: 'GET /v1/views',
  nodeHealths: 'GET /v1/health',
  checkHealth: 'GET /v1/health/check',
  verify: 'POST /v1/verify',
  verifyNode: 'POST /v1/nodes/{id}/verify',
  verifyPart: 'POST /v1/verify/part',
  stateHash: 'GET /v1/hash',
  version: 'GET /v1/version',
  events: 'GET /v1/events',
  history: 'GET /v1/history',
  metrics: 'GET /v1/metrics',
  operations: 'GET /v1/operations',
  operation: 'GET /v1/operations/{id}',
  runOperation: 'POST /v1/operations',
  cancelOperation: 'POST /v1/operations/{id}/cancel',
  pauseCluster: 'PUT /v1/pause',
  resumeCluster: 'DELETE /v1/pause',
  schedule: 'GET /v1/schedule',
  scheduleOperation: 'POST /v1/schedule',
  cancelSchedule: 'DELETE /v1/schedule/{id}',
  reportHandOver: 'POST /v1/nodes/{id}/hand-over',
  config: 'GET /v1/config',
  putConfig: 'PUT /v1/config',
  configVersions: 'GET /v1/config/versions',
  configVersion: 'GET /v1/config/versions/{version}',
  activateConfig: 'POST /v1/config/versions/{version}/activate',
  rollbackConfig: 'POST /v1/config/versions/{version}/rollback',
  configDiff: 'GET /v1/config/diff',
  configPending: 'GET /v1/config/pending',
  confirmConfig: 'POST /v1/config/confirm',
  checkConfig: 'POST /v1/config/check',
  configState: 'POST /v1/config/state',
  getKey: 'GET /v1/kv/{key}',
  watchKey: 'GET /v1/kv/{key}?watch',
  putKey: 'PUT /v1/kv/{key}',
  deleteKey: 'DELETE /v1/kv/{key}',
  listKeys: 'GET /v1/kv',
  watchKeys: 'GET /v1/kv?watch',
  batchKeys: 'POST /v1/kv/batch',
  sql: 'POST /v1/sql',
  openSession: 'POST /v1/sessions',
  tokens: 'GET /v1/tokens',
  createToken: 'POST /v1/tokens',
  revokeToken: 'DELETE /v1/tokens/{id}',
  join: 'POST /v1/join',
  alerts: 'GET /v1/alerts',
  alertRules: 'GET /v1/alerts/rules',
  explainAlert: 'GET /v1/alerts/{id}/explain',
  acknowledgeAlert: 'POST /v1/alerts/{id}/ack',
  unacknowledgeAlert: 'DELETE /v1/alerts/{id}/ack',
  testAlert: 'POST /v1/alerts/test',
  silences: 'GET /v1/silences',
  createSilence: 'POST /v1/silences',
  removeSilence: 'DELETE /v1/silences/{id}',
  audit: 'GET /v1/audit',
  denials: 'GET /v1/denials',
  log: 'GET /v1/log',
  logLevel: 'GET /v1/log-level',
  setLogLevel: 'POST /v1/log-level',
  users: 'GET /v1/users',
  setUser: 'PUT /v1/users/{id}',
  revokeUser: 'DELETE /v1/users/{id}',
  certificates: 'GET /v1/certificates',
  revokeCertificate: 'POST /v1/certificates/revoke',
  renewNodeCertificate: 'POST /v1/certificates/renew',
  renewOwnCertificate: 'POST /v1/certificates/self',
  knowCertificate: 'POST /v1/certificates/known',
  noteAudit: 'POST /v1/audit/notes',
  openapi: 'GET /v1/openapi.json',
  livez: 'GET /livez',
  readyz: 'GET /readyz',
};

/** Values of a query; absent and undefined ones are left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** `?name=1`, or nothing. */
export function flag(value: boolean | undefined): number | undefined {
  return value === true ? 1 : undefined;
}

/** A path as the texts around its parameters: one more than there are keys. */
interface Compiled {
  readonly method: string;
  readonly texts: readonly string[];
  readonly keys: readonly string[];
  readonly flag: string | undefined;
}

const COMPILED = new Map<EndpointName, Compiled>();

function compiled(name: EndpointName): Compiled {
  const known = COMPILED.get(name);
  if (known !== undefined) return known;
  const [method = '', pattern = ''] = ROUTES[name].split(' ');
  const [shape = '', flag] = pattern.split('?');
  const parts = shape.split(/\{(\w+)\}/);
  const made = {
    ...{ method, flag },
    texts: parts.filter((_, n) => n % 2 === 0),
    keys: parts.filter((_, n) => n % 2 === 1),
  };
  COMPILED.set(name, made);
  return made;
}

function isEmpty(query: Query): boolean {
  for (const key in query) if (query[key] !== undefined) return false;
  return true;
}

/** Method and path with `params` filled in (percent-encoded) and `query` behind it. */
export function routeOf(
  name: EndpointName,
  params: Readonly<Record<string, string>>,
  query: Query,
): { readonly method: string; readonly path: string } {
  const { method, texts, keys, flag } = compiled(name);
  let path = texts[0] as string;
  for (let n = 0; n < keys.length; n++)
    path += encodeURIComponent(params[keys[n] as string] ?? '') + texts[n + 1];
  if (flag === undefined && isEmpty(query)) return { method, path };
  const pairs = Object.entries(query).filter(
    (pair): pair is [string, string | number] => pair[1] !== undefined,
  );
  if (flag !== undefined) pairs.unshift([flag, 1]);
  if (pairs.length === 0) return { method, path };
  const text = pairs
    .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
    .join('&');
  return { method, path: `${path}?${text}` };
}
