/**
 * `sqlcc wall` alone, for tests in a terminal: two clusters whose answers are made here. The first one is
 * lost after `--lost-after=MS`, and comes back 1.5 s later.
 */
import { SqlccError } from '../../src/base/index.ts';
import type { TopClient } from '../../tui/options.ts';
import { runWall } from '../../tui/wall/index.ts';
import { event, node, status } from './recording.ts';

const lostAfterMs = Number(/--lost-after=(\d+)/.exec(process.argv.join(' '))?.[1] ?? 'Infinity');
const began = performance.now();
const ZONES = ['eu-west-1', 'us-east-1', 'ap-northeast-1'];

function clientOf(name: string, losable: boolean): TopClient {
  let index = 1000;
  const absent = async (): Promise<never> => {
    throw new SqlccError('unavailable', 'not here');
  };
  return {
    status: async () => {
      const now = performance.now() - began;
      if (losable && now > lostAfterMs && now < lostAfterMs + 1500)
        throw new SqlccError('unavailable', 'connection refused');
      index += 137;
      const nodes = ZONES.map((zone, i) =>
        node(`n${i + 1}`, { zone, ...(i === 0 ? { role: 'leader', state: 'LEADER' } : {}) }),
      );
      const { cluster, raft } = status();
      return status({ cluster: { ...cluster, name }, raft: { ...raft, commit_index: index }, nodes });
    },
    alerts: async () => ({ alerts: [] }),
    ...{ views: absent, history: absent, planOperation: absent, runOperation: absent, operation: absent },
    async *events() {
      yield event(0, 'n1', 'leader-elected', `n1 leads ${name}`);
      await new Promise(() => undefined);
    },
  };
}

const code = await runWall({
  utc: false,
  clusters: [
    { name: 'first', client: clientOf('first', true) },
    { name: 'second', client: clientOf('second', false) },
  ],
  ...{ rotateMs: 60_000, refreshMs: 200, noColor: false, ascii: process.argv.includes('--ascii') },
  io: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env },
});
process.exit(code);
