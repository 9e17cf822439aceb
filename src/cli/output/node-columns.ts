/** The columns of a node list, shared by `cluster status` and `node list`. */
import type { NodeRow } from '../../client/index.ts';
import type { Column } from './table.ts';
import { duration, percent, size, state, yes } from './words.ts';

export const NODE_COLUMNS: readonly Column<NodeRow>[] = [
  { name: 'NAME', of: (n) => n.node_id },
  { name: 'ROLE', of: (n) => n.role },
  { name: 'STATE', of: (n) => state(n.state) },
  { name: 'LIVENESS', of: (n) => state(n.liveness) },
  { name: 'HEALTH', of: (n) => state(n.health) },
  { name: 'VOTER', of: (n) => yes(n.voter) },
  { name: 'TERM', of: (n) => n.term, align: 'right' },
  { name: 'INDEX', of: (n) => n.match_index, align: 'right' },
  { name: 'LAG', of: (n) => n.lag_entries, align: 'right' },
  { name: 'LAST-SEEN', of: (n) => duration(n.last_heartbeat_ms), align: 'right' },
  {
    name: 'MAINTENANCE',
    of: (n) => (n.maintenance === null ? null : `until ${n.maintenance.expires.slice(11, 16)}`),
  },
  { name: 'ADDRESS', of: (n) => `${n.host}:${n.port}` },
  { name: 'CLIENT', of: (n) => n.client_port, align: 'right', wide: true },
  { name: 'ZONE', of: (n) => n.zone, wide: true },
  { name: 'VERSION', of: (n) => n.version, wide: true },
  { name: 'UPTIME', of: (n) => duration(n.uptime_ms), align: 'right', wide: true },
  { name: 'RTT', of: (n) => duration(n.rtt_ms), align: 'right', wide: true },
  { name: 'CPU', of: (n) => percent(n.cpu_usage), align: 'right', wide: true },
  { name: 'MEM', of: (n) => percent(n.memory_usage), align: 'right', wide: true },
  { name: 'DISK', of: (n) => percent(n.disk_usage), align: 'right', wide: true },
  { name: 'DISK-USED', of: (n) => size(n.disk_used_bytes), align: 'right', wide: true },
  { name: 'CONN', of: (n) => n.active_connections, align: 'right', wide: true },
  { name: 'P95', of: (n) => duration(n.query_latency_p95_ms), align: 'right', wide: true },
  { name: 'ISSUES', of: (n) => n.issues.join('; '), wide: true },
];
