/** Histories of sets by hand. */
import type { Example } from './registers.ts';

const good = (name: string, text: string): Example => ({ name, values: 'good', revisions: 'good', text });
const bad = (name: string, text: string): Example => ({ name, values: 'bad', revisions: 'bad', text });

export const SETS: readonly Example[] = [
  good('additions one after the other', '1 0-10 add s x @5\n1 20-30 add s y @6\n2 40-50 members s y;x; @6'),
  good('an empty set', '1 0-10 members s - @4'),
  good(
    'a read beside an addition shows it or not',
    '1 0-50 add s x @5\n2 0-60 members s - @4\n3 0-60 members s x; @5',
  ),
  good('an unknown addition that came', '1 0-? add s x\n2 20-30 members s - @4\n2 40-50 members s x; @6'),
  good('an unknown addition that never came', '1 0-? add s x\n1 20-30 add s y @5\n2 40-50 members s y; @9'),
  bad(
    'an acknowledged addition that is gone',
    '1 0-10 add s x @5\n1 20-30 add s y @6\n2 40-50 members s y; @6',
  ),
  bad(
    'an addition that was seen and is gone',
    '1 0-? add s x\n2 20-30 members s x; @6\n2 40-50 members s - @7',
  ),
  bad('an element that nobody added', '1 0-10 add s x @5\n2 20-30 members s x;z; @6'),
  bad('an addition that was refused', '1 0-10 add s x !\n2 20-30 members s x; @6'),
  bad('an addition applied twice', '1 0-10 add s x @5\n2 20-30 members s x;x; @6'),
  bad('an addition from the future', '2 0-10 members s x; @5\n1 20-30 add s x @6'),
  bad('a stale read of a set', '1 0-10 add s x @5\n2 20-30 members s - @4'),
  bad(
    'two reads of which neither holds the other',
    '1 0-? add s x\n2 0-? add s y\n3 10-90 members s x; @6\n4 10-90 members s y; @7',
  ),
  bad(
    'a later addition shows without the earlier one',
    '1 0-10 add s x @5\n2 20-30 add s y @6\n3 0-90 members s y; @6',
  ),
  good(
    'a repetition that was recognised has a revision behind the addition’s own',
    '1 0-50 add s x @9 again\n2 10-20 members s x; @6\n2 60-70 members s x; @9',
  ),
  {
    ...good('an addition shows before its revision', '1 0-50 add s x @6\n2 10-20 members s x; @5'),
    revisions: 'bad',
  },
];
