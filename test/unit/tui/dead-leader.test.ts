/** A leader that is held for dead, and its followers have not missed it yet: no screen calls that well. */
import { expect, it } from 'vitest';
import type { StatusResponse } from '../../../tui/feed/wire.ts';
import type { Model } from '../../../tui/model/model.ts';
import { wallPicture } from '../../../tui/wall/picture.ts';
import { status } from '../../tui/recording.ts';
import { SIZES } from '../../tui/sizes.ts';
import { full, send } from './model-kit.ts';
import { screenText } from './screen-text.ts';

const { cluster } = status();
const throughN2: StatusResponse['cluster'] = { ...cluster, read: { ...cluster.read, node_id: 'n2' } };

function told(patch: Partial<StatusResponse>): Model {
  const news = status({ cluster: throughN2, ...patch });
  return send(full(), { type: 'status', status: news, now: full().now })[0];
}

const nodes = status().nodes.map((n) => (n.node_id === 'n1' ? { ...n, liveness: 'dead' as const } : n));

it('the first line says so at every size, and the wallboard too', () => {
  for (const [columns, rows] of SIZES)
    expect(screenText(told({ nodes }), columns, rows), `${columns}x${rows}`).toMatch(/★ n1 DEAD/);
  expect(wallPicture(told({ nodes }), []).title).toContain('leader n1 DEAD');
  expect(screenText(told({}), 120, 36)).not.toContain('n1 DEAD');
});

it('the dead have no voice in who leads, and a dead primary is called one', () => {
  const text = screenText(told({ nodes }), 120, 36);
  // n5 was not heard at all
  expect(text).toMatch(/views agree 4\/5: n1 term 9/);
  expect(text).toMatch(/primary n1 DEAD/);
});

it('the primary is whoever leads, also before its entry is applied', () => {
  const raft = { ...status().raft, leader_id: 'n2', term: 10 };
  const text = screenText(told({ raft }), 120, 36);
  expect(text).toMatch(/★ n2 .*term 10/);
  expect(text).toMatch(/primary n2 · epoch 10/);
});
