/** Histories of lists by hand. */
import type { Example } from './registers.ts';

const good = (name: string, text: string): Example => ({ name, values: 'good', revisions: 'good', text });
const bad = (name: string, text: string): Example => ({ name, values: 'bad', revisions: 'bad', text });

export const LISTS: readonly Example[] = [
  good('appends in order', '1 0-10 append l x @5\n1 20-30 append l y @6\n2 40-50 list l x;y; @6'),
  good(
    'appends at once, in the order of their revisions',
    '1 0-50 append l x @6\n2 0-50 append l y @5\n3 60-70 list l y;x; @6',
  ),
  good('an unknown append in the middle', '1 0-? append l x\n2 0-50 append l y @7\n3 60-70 list l x;y; @7'),
  good('an unknown append that never came', '1 0-? append l x\n2 20-30 append l y @5\n3 40-50 list l y; @9'),
  bad('a lost append', '1 0-10 append l x @5\n2 20-30 append l y @6\n3 40-50 list l y; @6'),
  bad('an append applied twice', '1 0-10 append l x @5\n2 20-30 list l x;x; @6'),
  bad('an unknown append applied twice', '1 0-? append l x\n2 20-30 list l x;x; @6'),
  bad('appends out of order', '1 0-10 append l x @5\n1 20-30 append l y @6\n2 40-50 list l y;x; @6'),
  bad('a stale read of a list', '1 0-10 append l x @5\n2 20-30 list l - @4'),
  bad('a list shrinks', '1 0-90 append l x @5\n2 10-20 list l x; @5\n2 30-40 list l - @6'),
  bad('a list forks', '1 0-? append l x\n2 0-? append l y\n3 10-20 list l x;y; @6\n4 30-40 list l y;x; @7'),
  bad('an append that was refused', '1 0-10 append l x !\n2 20-30 list l x; @6'),
  bad('an element that nobody appended', '1 0-10 append l x @5\n2 20-30 list l x;z; @6'),
  bad('an element from the future', '2 0-10 list l x; @5\n1 20-? append l x'),
  good(
    'a repetition that was recognised has a revision behind the append’s own',
    '1 0-50 append l x @9 again\n2 10-20 list l x; @6\n3 30-40 append l y @7\n2 60-70 list l x;y; @9',
  ),
  bad(
    'a repetition that was recognised, and nothing behind it',
    '1 0-50 append l x @9 again\n2 60-70 list l - @9',
  ),
  {
    ...bad(
      'an append whose repetition was recognised shows only behind its revision',
      '1 0-50 append l x @7 again\n2 20-80 list l - @8\n3 20-90 list l x; @9',
    ),
    values: 'good',
  },
  {
    ...good('an append shows before its revision', '1 0-50 append l x @6\n2 10-20 list l x; @5'),
    revisions: 'bad',
  },
];
