/**
 * The wallboard of the calm recording on three continents, drawn once behind a minute of samples: the clock
 * stands, so that it is the same board each time. `q` leaves it.
 */
import { must } from '../../src/base/index.ts';
import { takeZone } from '../../tui/format/words.ts';
import { addSample, type Sample, wallPicture } from '../../tui/wall/picture.ts';
import { openBoard } from '../../tui/wall/wall.ts';
import { full, send } from '../unit/tui/model-kit.ts';
import { node, START, sixNodes, status } from './recording.ts';

const SECONDS = 60;
const ZONES = new Map([
  ['eu-a', 'eu-west-1'],
  ['eu-b', 'us-east-1'],
  ['eu-c', 'ap-northeast-1'],
]);

let model = full();
let samples: readonly Sample[] = [];
let index = status().raft.commit_index;
for (let s = 1 - SECONDS; s <= 0; s++) {
  index += 400 + Math.round(150 * Math.sin(s / 5));
  const nodes = [
    ...sixNodes().map((n) => ({
      ...{ ...n, zone: must(ZONES.get(n.zone), 'a place for each zone') },
      ...(n.node_id === 'n1' ? { commit_latency_p95_ms: 6 + 3 * Math.cos(s / 7) } : {}),
    })),
    // of no place that is known
    node('n7', { zone: 'rack-7', voter: false, role: 'learner' }),
  ];
  const { raft } = status();
  const picture = status({ nodes, raft: { ...raft, commit_index: index } });
  [model] = send(model, { type: 'status', status: picture, now: START + s * 1000 });
  samples = addSample(samples, model);
}
takeZone('utc');
const { screen, board } = await openBoard(process, {
  ascii: process.argv.includes('--ascii'),
  noColor: false,
});
screen.key(['q'], () => {
  screen.destroy();
  process.exit(0);
});
board.draw(wallPicture(model, samples), '[prod-eu] dr-site   n next   q quit');
