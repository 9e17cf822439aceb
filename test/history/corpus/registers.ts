/** Histories of registers by hand, each with the sentence that it stands for. */

export interface Example {
  /** What happens in it. */
  readonly name: string;
  /** What the checkers must say: by values and instants alone, and by revisions. */
  readonly values: 'good' | 'bad';
  readonly revisions: 'good' | 'bad';
  readonly text: string;
}

const good = (name: string, text: string): Example => ({ name, values: 'good', revisions: 'good', text });
const bad = (name: string, text: string): Example => ({ name, values: 'bad', revisions: 'bad', text });
const badRevisions = (name: string, text: string): Example => ({
  ...{ name, values: 'good', revisions: 'bad', text },
});

export const REGISTERS: readonly Example[] = [
  good('a write, then a read of it', '1 0-10 put a x @5\n2 20-30 get a x@5 @5'),
  good('a key that nobody wrote is absent', '1 0-10 get a - @3'),
  good('a read beside a write may see the state before it', '1 0-50 put a x @5\n2 10-20 get a - @4'),
  good('a read beside a write may see it before the writer knows', '1 0-50 put a x @5\n2 10-20 get a x@5 @5'),
  good(
    'two reads beside a write: first old, then new',
    '1 0-50 put a x @5\n2 10-20 get a - @4\n3 30-40 get a x@5 @6',
  ),
  good(
    'two writes at once: the later revision stays',
    '1 0-50 put a x @5\n2 0-50 put a y @6\n3 60-70 get a y@6 @6',
  ),
  good('an answer at the instant of the next call overlaps it', '1 0-10 put a x @5\n2 10-20 get a - @4'),
  bad('stale read: a write was answered before the call', '1 0-10 put a x @5\n2 20-30 get a - @4'),
  bad('stale read of an overwritten value', '1 0-10 put a x @5\n1 20-30 put a y @6\n2 40-50 get a x@5 @5'),
  bad(
    'lost update: an acknowledged write is gone behind an older one',
    '1 0-10 put a x @5\n2 20-30 put a y @6\n3 40-50 get a x@5 @7',
  ),
  bad('lost acknowledgement: the key is still absent', '1 0-10 put a x @5\n2 20-30 get a - @9'),
  bad('phantom: nobody wrote the value', '1 0-10 put a x @5\n2 20-30 get a z@5 @5'),
  bad('a refused write took effect', '1 0-10 put a x !\n2 20-30 get a x@5 @5'),
  good('a refused write did not take effect', '1 0-10 put a x !\n2 20-30 get a - @5'),
  bad('not monotonic: new, then old again', '1 0-100 put a x @5\n2 10-20 get a x@5 @5\n3 30-40 get a - @4'),
  bad(
    'two readers see two writes in opposite orders',
    `1 0-100 put a x @5
     2 0-100 put a y @6
     3 10-20 get a x@5 @5
     3 30-40 get a y@6 @6
     4 50-60 get a x@5 @7`,
  ),
  good('an unknown write took effect', '1 0-? put a x\n2 20-30 get a x@5 @5'),
  good('an unknown write never took effect', '1 0-? put a x\n2 20-30 get a - @5'),
  good(
    'an unknown write took effect late',
    '1 0-? put a x\n2 20-30 put a y @5\n3 40-50 get a y@5 @5\n3 60-70 get a x@6 @6',
  ),
  bad(
    'an unknown write took effect twice',
    `1 0-? put a x
     2 20-30 get a x@5 @5
     2 40-50 put a y @6
     3 60-70 get a x@7 @7`,
  ),
  bad('an unknown write was seen before its call', '2 0-10 get a x@5 @5\n1 20-? put a x'),
  bad('an unknown write is seen and then gone', '1 0-? put a x\n2 20-30 get a x@5 @5\n2 40-50 get a - @6'),
  good('compare and set on what is there', '1 0-10 put a x @5\n2 20-30 cas a x@5 y @6\n3 40-50 get a y@6 @6'),
  bad(
    'two of the same compare and set win',
    '1 0-10 put a x @5\n2 20-60 cas a x@5 y @6\n3 20-60 cas a x@5 z @7',
  ),
  bad('two creations win', '1 0-50 cas a - x @5\n2 0-50 cas a - y @6'),
  good('one of two creations wins', '1 0-50 cas a - x @5\n2 0-50 cas a - y !5'),
  bad(
    'a compare and set wins on a value that is gone',
    '1 0-10 put a x @5\n1 20-30 put a y @6\n2 40-50 cas a x@5 z @7',
  ),
  bad('a compare and set is refused though its value is there', '1 0-10 put a x @5\n2 20-30 cas a x@5 y !5'),
  good(
    'a refusal beside the write that explains it',
    '1 0-10 put a x @5\n1 20-60 put a y @7\n2 30-40 cas a x@5 z !7',
  ),
  badRevisions(
    'a refusal names a revision that the key had long before',
    '1 0-10 put a x @5\n1 20-30 put a y @6\n2 40-50 cas a - z !5',
  ),
  badRevisions(
    'a refusal names a revision that came only behind it',
    `1 0-10 put a x @5
     2 20-30 cas a - z !9
     3 40-50 get a x@5 @8
     1 60-70 put a y @9`,
  ),
  bad(
    'a refusal names the revision of a write that was called later',
    '2 0-10 cas a - z !5\n1 20-30 put a y @5',
  ),
  good(
    'an unknown compare and set did not find its value and did nothing',
    '1 0-10 put a x @5\n2 20-? cas a w@4 y\n3 40-50 get a x@5 @7',
  ),
  good(
    'deleted and made again',
    '1 0-10 put a x @5\n1 20-30 del a @6\n1 40-50 cas a - y @7\n2 60-70 get a y@7 @7',
  ),
  bad('a deleted value comes back', '1 0-10 put a x @5\n1 20-30 del a @6\n2 40-50 get a x@5 @7'),
  bad('a delete found nothing where a value was', '1 0-10 put a x @5\n2 20-30 del a none @6'),
  bad('two deletes of one value both found it', '1 0-10 put a x @5\n2 20-60 del a @6\n3 20-60 del a @7'),
  good('an unknown delete explains absence', '1 0-10 put a x @5\n2 20-? del a\n3 40-50 get a - @7'),
  bad('absence before the unknown delete was called', '1 0-10 put a x @5\n3 20-30 get a - @7\n2 40-? del a'),
  bad(
    'one unknown delete can not explain two absences',
    `1 0-10 put a x @5
     2 11-? del a
     3 20-30 get a - @6
     1 40-50 put a y @7
     3 60-70 get a - @8`,
  ),
  good(
    'an unknown write of a value that nobody saw explains a delete that found something',
    '1 0-? put a x\n2 20-30 del a @6\n3 40-50 get a - @6',
  ),
  good('an unknown write that nobody saw explains a refusal', '1 0-? put a x\n2 20-30 cas a - y !6'),
  badRevisions('two writes have one revision', '1 0-50 put a x @5\n2 0-50 put b y @5'),
  badRevisions('revisions against real time', '1 0-10 put a x @6\n2 20-30 put b y @5'),
  badRevisions(
    'a linearizable read of an older state of another key',
    '1 0-10 put a x @5\n2 20-30 put b y @6\n3 40-50 get a x@5 @5',
  ),
  good('a stale read, labelled as such', '1 0-10 put a x @5\n1 20-30 put a y @6\n2 40-50 get a x@5 @5 stale'),
  badRevisions(
    'a stale read that shows no state that ever was',
    '1 0-10 put a x @5\n1 20-30 put a y @6\n2 40-50 get a x@5 @6 stale',
  ),
  good('two keys at one revision', '1 0-10 put a x @5\n1 20-30 put b y @6\n2 40-50 scan a=x@5,b=y@6 @6'),
  badRevisions(
    'read skew: two keys of different moments',
    `1 0-10 put a x @5
     1 11-90 put a y @6
     1 12-90 put b z @7
     2 20-50 scan a=x@5,b=z@7 @7`,
  ),
  bad('a scan of an older state', '1 0-10 put a x @5\n2 20-30 scan a=-,b=- @4'),
];
