/** The Quorum pane has all nodes where there is room, and else says how many it has not. */
import { expect, it } from 'vitest';
import type { Model } from '../../../tui/model/model.ts';
import { status } from '../../tui/recording.ts';
import { alone, full, live } from './model-kit.ts';
import { screenText } from './screen-text.ts';

/** What stands in the pane, whole. */
function quorum(model: Model, columns: number, rows: number): string {
  const lines = screenText(model, columns, rows).split('\n');
  const top = lines.findIndex((line) => line.includes('┌ Quorum'));
  const left = lines[top]?.indexOf('┌ Quorum') ?? 0;
  const right = (lines[top]?.indexOf('┐', left) ?? 0) + 1;
  const height = lines.slice(top).findIndex((line) => line[left] === '└');
  return lines
    .slice(top + 1, top + height)
    .map((line) => line.slice(left + 2, right - 1).trimEnd())
    .join('\n');
}

/** The recorded nodes, called otherwise, or others in their places. */
function withNodes(change: (nodes: Model['picture']) => Model['picture']): Model {
  const model = full();
  return { ...model, picture: change(model.picture) };
}

const LONG = withNodes((picture) => {
  const all = picture.status ?? status();
  const nodes = all.nodes.map((n) => ({ ...n, node_id: n.node_id.replace('n', 'node-00') }));
  return { ...picture, status: { ...all, nodes } };
});

/** So many voters without a zone. */
function voters(count: number): Model {
  const [first] = status().nodes;
  if (first === undefined) throw new Error('no node');
  const nodes = Array.from({ length: count }, (_, i) => {
    return { ...first, node_id: `n${i + 1}`, zone: '', voter: true, role: i === 0 ? first.role : 'follower' };
  });
  const raft = { ...status().raft, quorum: Math.floor(count / 2) + 1 };
  return live(status({ nodes, raft } as Parameters<typeof status>[0]));
}

it('a zone begins a row of its own where there is room for it', () => {
  expect(quorum(full(), 120, 36)).toContain('eu-a ★n1 ●n2   eu-b ●n3 ■n6   eu-c ✖n5 ◇n4');
  expect(quorum(LONG, 200, 60)).toContain(
    'eu-a ★node-001 ●node-002   eu-b ●node-003 ■node-006\neu-c ✖node-005 ◇node-004\n',
  );
});

it('says how many are left out where there is none', () => {
  expect(quorum(LONG, 120, 36)).toContain(
    'eu-a ★node-001 ●node-002\neu-b ●node-003 ■node-006  eu-c ✖node-005  +1\n',
  );
  expect(quorum(LONG, 80, 24)).toContain('eu-a ★node-001 ●node-002   +4\n');
  expect(quorum(voters(15), 80, 24)).toContain('no zone ★n1 ●n2 ●n3 ●n4 ●n5 ●n6   +9\n');
  expect(quorum(voters(15), 200, 60)).toMatch(/^no zone ★n1 ●n2 .* ●n8 \+7$/m);
});

it('never loses that there are no writes, and what may still be lost', () => {
  expect(quorum(alone(), 80, 24)).toMatch(/^need 3 of 5 · up 1 · no writes$/m);
  expect(quorum(alone(), 120, 36)).toContain('up 1 · NO QUORUM, no writes');
  expect(quorum(voters(15), 80, 24)).toMatch(/^need 8 of 15 · up 15 · can lose 7$/m);
});
