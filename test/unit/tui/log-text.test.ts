/** Lines of a node's log: what is drawn is what daemons write, and who did what stands first. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { logText } from '../../../tui/model/log-text.ts';
import { LOG } from '../../tui/answers.ts';

/** All of the daemon and of the cores whose notes it writes. */
function sources(): string {
  const files = ['daemon', 'src'].flatMap((root) =>
    readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => join(root, file)),
  );
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

const GROUP = (outgoing: readonly string[], ...voters: string[]) => {
  const rows = (ids: readonly string[]) => ids.map((nodeId) => ({ nodeId, instanceId: 'x', address: 'a:1' }));
  return JSON.stringify({ voters: rows(voters), outgoing: rows(outgoing), learners: [], learnersNext: [] });
};

describe('logText', () => {
  it('an audit line begins with who, what and how it ended, and has no hash', () => {
    const fields = {
      ...{ seq: 3, hash: '1c9dc718cb2eb2fc', index: 8, actor: 'join:b404', credential: 'token:b404' },
      ...{ from: '127.0.0.1', action: 'node-admit', target: 'n2', reason: '', before: null },
      ...{ after: 'voter 127.0.0.1:15443', outcome: 'ok' },
    };
    expect(logText('audit', fields)).toBe(
      'join:b404 node-admit n2 ok  voter 127.0.0.1:15443  from=127.0.0.1  seq=3',
    );
    expect(logText('audit', { ...fields, reason: 'why', before: 'off', after: 'on' })).toContain(
      'n2 ok  reason: why  off → on  from',
    );
  });

  it('a membership is names, before and behind a change, and one that was cut stays as it is', () => {
    const text = (membership: string, committed = true) =>
      logText('raft-membership-changed', { membership, index: 4, committed });
    expect(text(GROUP([], 'n1', 'n2'))).toBe('voters n1 n2  index=4');
    expect(text(GROUP(['n1'], 'n1', 'n2'), false)).toBe('voters n1 → n1 n2  not committed yet  index=4');
    expect(text('{"voters":[{"no…')).toBe('membership={"voters":[{"no…  committed=true  index=4');
  });

  it('numbers have one decimal at most, lists are words, and what says nothing is left out', () => {
    expect(logText('raft-elected', { ms: 375.15163700000267, silenceMs: null, votes: '["n1","n2"]' })).toBe(
      'ms=375.2 votes=n1,n2',
    );
    expect(logText('own-health', { value: 3 })).toBe('value=3 (0 is well)');
  });

  it('the lines that are drawn have events and fields that a daemon writes', () => {
    const all = sources();
    const unknown = LOG.flatMap(({ event, fields }) => [
      event.replace(/^raft-/, ''),
      ...Object.keys(fields),
    ]).filter((word) => !new RegExp(`\\b${word}\\b`).test(all));
    expect(unknown).toEqual([]);
  });
});
