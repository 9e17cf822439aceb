/**
 * `sqlcc wall` alone, for tests in a terminal: two clusters whose answers are made here. The first one is
 * lost while the file of `--lost-by=FILE` is there.
 */
import { existsSync } from 'node:fs';
import { SqlccError } from '../../src/base/index.ts';
import type { TopClient } from '../../tui/options.ts';
import { runWall } from '../../tui/wall/index.ts';
import { event, node, status } from './recording.ts';

const lostBy = process.argv.find((word) => word.startsWith('--lost-by='))?.slice('--lost-by='.length) ?? '';
const ZONES = ['eu-west-1', 'us-east-1', 'ap-northeast-1'];

function clientOf(name: string, losable: boolean): TopClient {
  let index = 1000;
  const absent = async (): Promise<never> => {
    throw new SqlccError('unavailable', 'not here');
  };
  return {
    status: async () => {
      if (losable && existsSync(lostBy)) throw new SqlccError('unavailable', 'connection refused');
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
  ...{ rotateMs: 3_600_000, refreshMs: 200, noColor: false, ascii: process.argv.includes('--ascii') },
  io: { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env },
});
process.exit(code);
