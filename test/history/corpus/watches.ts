/** Histories with watchers by hand: only revisions speak about those. */
import type { Example } from './registers.ts';

const good = (name: string, text: string): Example => ({ name, values: 'good', revisions: 'good', text });
const bad = (name: string, text: string): Example => ({ name, values: 'good', revisions: 'bad', text });

const WRITES = `1 0-10 put a1 x @5
  1 20-30 put a2 y @6
  1 40-50 del a1 @7
  1 60-70 put b z @8`;

export const WATCHES: readonly Example[] = [
  good(
    'a watch of a prefix shows every change of it',
    `${WRITES}\nw1 0 start a @3\nw1 11 put a1 x @5\nw1 31 put a2 y @6\nw1 51 delete a1 @7\nw1 80 end @8`,
  ),
  good(
    'a watch from the middle',
    `${WRITES}\nw1 15 start a @5\nw1 31 put a2 y @6\nw1 51 delete a1 @7\nw1 80 end @8`,
  ),
  bad('a gap', `${WRITES}\nw1 0 start a @3\nw1 11 put a1 x @5\nw1 51 delete a1 @7\nw1 80 end @8`),
  bad('a gap before progress', `${WRITES}\nw1 0 start a @3\nw1 11 put a1 x @5\nw1 40 progress @6`),
  bad('the end is missing', `${WRITES}\nw1 0 start a @3\nw1 11 put a1 x @5\nw1 31 put a2 y @6\nw1 80 end @8`),
  bad(
    'a change twice',
    `${WRITES}\nw1 0 start a @3\nw1 11 put a1 x @5\nw1 12 put a1 x @5\nw1 31 put a2 y @6\nw1 51 delete a1 @7`,
  ),
  bad(
    'changes out of order',
    `${WRITES}\nw1 0 start a @3\nw1 32 put a2 y @6\nw1 33 put a1 x @5\nw1 51 delete a1 @7`,
  ),
  bad(
    'a change below the progress that was told',
    `${WRITES}\nw1 0 start a @5\nw1 31 progress @6\nw1 32 put a2 y @6`,
  ),
  bad('a change of another prefix', `${WRITES}\nw1 60 start a @7\nw1 71 put b z @8`),
  bad('a change that never happened', `${WRITES}\nw1 60 start a @8\nw1 71 delete a2 @9`),
  bad('another value than was written', `${WRITES}\nw1 11 start a @5\nw1 31 put a2 x @6`),
  bad('a change before its write was called', '1 20-30 put a x @5\nw1 0 start a @3\nw1 10 put a x @5'),
  bad(
    'read skew: a read behind the watcher is older than what it was shown',
    '1 0-90 put a x @5\nw1 0 start a @3\nw1 10 put a x @5\n2 20-30 get b - @4',
  ),
  good(
    'an unknown write that a watcher saw',
    '1 0-? put a x\nw1 0 start a @3\nw1 10 put a x @5\n2 20-30 get a x@5 @6',
  ),
  {
    ...bad(
      'a watcher saw it, a later read does not',
      '1 0-? put a x\nw1 0 start a @3\nw1 10 put a x @5\n2 20-30 get a - @6',
    ),
  },
  good(
    'an unknown delete that a watcher saw',
    '1 0-10 put a x @5\n2 20-? del a\nw1 0 start a @5\nw1 30 delete a @7\n2 40-50 get a - @7',
  ),
  good(
    'older changes are gone, and the watcher was told',
    `${WRITES}\nw1 0 start a @3\nw1 55 compacted @6\nw1 56 delete a1 @7\nw1 80 end @8`,
  ),
  bad('more is missing than was told', `${WRITES}\nw1 0 start a @3\nw1 55 compacted @5\nw1 56 delete a1 @7`),
  bad(
    'two watchers see a change at two revisions',
    '1 0-? put a x\nw1 0 start a @3\nw1 10 put a x @5\nw2 0 start a @3\nw2 10 put a x @6',
  ),
];
