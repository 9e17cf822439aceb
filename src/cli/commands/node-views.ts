/** `sqlcc node list|leader|show`. */
import { plural } from '../../base/index.ts';
import type { NodeRow } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { NODE_COLUMNS } from '../output/node-columns.ts';
import type { Cell } from '../output/table.ts';
import { duration, percent, readWords, size, state, time } from '../output/words.ts';
import { askPause, pauseBanner, pauseWords } from './pause-banner.ts';

export const nodeList: Run = async (context, { flags }) => {
  const client = await context.client();
  const answer = await client.nodes({ stale: flags.is('stale') });
  await context.printer.answer(
    answer,
    () => {
      pauseBanner(context.printer, answer.pause);
      context.printer.table(NODE_COLUMNS, answer.nodes);
      if (answer.read.mode === 'stale') context.printer.note(`read: ${readWords(answer.read)}`);
    },
    answer.nodes,
  );
  return EXIT.ok;
};

export const nodeLeader: Run = async (context, { flags }) => {
  const client = await context.client();
  const answer = await client.leader({ stale: flags.is('stale') });
  const { printer } = context;
  const pause = await askPause(context);
  await printer.answer(answer, () => {
    pauseBanner(printer, pause);
    const isKnown = answer.leader_id !== null;
    printer.facts([
      ['Leader', isKnown ? answer.leader_id : { text: 'none', tone: 'bad' }],
      ['Term', answer.term],
      ['Since', time(answer.since)],
      ['Address', isKnown ? `${answer.host}:${answer.port}` : null],
      ['Clients', isKnown ? `${answer.host}:${answer.client_port}` : null],
      ['Primary', `${answer.primary.node_id ?? 'none'}, epoch ${answer.primary.epoch}`],
      ['Read', readWords(answer.read)],
    ]);
  });
  return answer.leader_id === null ? EXIT.critical : EXIT.ok;
};

function facts(node: NodeRow): (readonly [string, Cell])[] {
  const { maintenance, drain = null, lag_entries: behind } = node;
  const lag = behind === null ? null : plural(behind, 'entry', 'entries');
  const labels = Object.entries(node.metadata).map(([key, value]) => `${key}=${value}`);
  return [
    ['Name', node.node_id],
    ['State', state(node.state)],
    ['Liveness', state(node.liveness)],
    ['Health', state(node.health)],
    ['Issues', node.issues.join('; ')],
    ['Checked', time(node.last_check)],
    ['Raft', `${node.role ?? 'unknown'}, ${node.voter ? 'voter' : 'learner'}, term ${node.term ?? '-'}`],
    ['Log', `matches ${node.match_index ?? '-'}, lags ${lag ?? '- entries'}`],
    ['Last seen', node.last_heartbeat_ms === null ? null : `${duration(node.last_heartbeat_ms)} ago`],
    ['Round trip', duration(node.rtt_ms)],
    ['Maintenance', maintenance && pauseWords(maintenance)],
    ['Drained', drain && pauseWords(drain)],
    ['Address', `${node.host}:${node.port}, clients ${node.client_port}`],
    ['Zone', node.zone],
    ['Metadata', labels.join(', ')],
    ['Version', node.version],
    ['Uptime', duration(node.uptime_ms)],
    ['CPU', `${percent(node.cpu_usage) ?? '-'}, load ${node.load_factor?.toFixed(2) ?? '-'} per core`],
    ['Memory', percent(node.memory_usage)],
    [
      'Disk',
      `${percent(node.disk_usage) ?? '-'} of ${size(node.capacity) ?? '-'}, ` +
        `disk used ${size(node.disk_used_bytes) ?? '-'}`,
    ],
    ['Clients', node.active_connections],
    ['Latency p95', duration(node.query_latency_p95_ms)],
    ['Clock off', duration(node.clock_offset_ms ?? null)],
    ['Loop lag', duration(node.event_loop_lag_ms ?? null)],
    ['Fsync p99', duration(node.fsync_ms ?? null)],
    ['Commit p95', duration(node.commit_latency_p95_ms ?? null)],
  ];
}

export const nodeShow: Run = async (context, { args }) => {
  const client = await context.client();
  const answer = await client.node(args[0] ?? '');
  const pause = await askPause(context);
  await context.printer.answer(answer, () => {
    pauseBanner(context.printer, pause);
    context.printer.facts(facts(answer.node));
  });
  return EXIT.ok;
};
