import { describe, expect, it } from 'vitest';
import { endOf, firstFork, firstGap, GENESIS, linked, verifyChain } from '../../../src/audit/index.ts';

interface Line {
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly what: string;
}

function chainOf(n: number): Line[] {
  const lines: Line[] = [];
  for (let i = 1; i <= n; i++)
    lines.push(linked(endOf(GENESIS, lines), { at: 1_700_000_000_000 + i, what: `did ${i}` }));
  return lines;
}

describe('verifyChain', () => {
  it('accepts what linked made, also behind a forgotten beginning', () => {
    const lines = chainOf(20);
    expect(verifyChain(GENESIS, lines)).toEqual({ ok: true, head: endOf(GENESIS, lines) });
    const anchor = endOf(GENESIS, lines.slice(0, 7));
    expect(anchor.seq).toBe(7);
    expect(verifyChain(anchor, lines.slice(7))).toMatchObject({ ok: true, head: { seq: 20 } });
    expect(verifyChain(GENESIS, [])).toEqual({ ok: true, head: GENESIS });
  });

  it('names the line whose text, time or place any flipped byte changed', () => {
    const text = JSON.stringify(chainOf(6));
    let tried = 0;
    for (let n = 0; n < text.length; n++) {
      const flipped = text.slice(0, n) + String.fromCharCode(text.charCodeAt(n) ^ 1) + text.slice(n + 1);
      let lines: Line[];
      try {
        lines = JSON.parse(flipped) as Line[];
      } catch {
        continue; // no JSON any more: nobody could load it
      }
      tried++;
      const line = text.slice(0, n).split('"seq":').length - 1;
      const broken = verifyChain(GENESIS, lines);
      expect(broken.ok, `byte ${n} of line ${line}`).toBe(false);
      // a byte before its own "seq" still belongs to the line
      if (!broken.ok) expect([line, line + 1], `byte ${n}`).toContain(broken.seq);
    }
    expect(tried).toBeGreaterThan(400);
  });

  it('names the place of a line that was dropped, doubled, moved or slipped in', () => {
    const lines = chainOf(9);
    const seqOf = (changed: readonly Line[]) => {
      const verdict = verifyChain(GENESIS, changed);
      return verdict.ok ? null : verdict.seq;
    };
    expect(seqOf(lines.toSpliced(4, 1))).toBe(5);
    expect(seqOf(lines.toSpliced(4, 0, lines[3] as Line))).toBe(5);
    expect(seqOf([...lines.slice(0, 2), lines[3] as Line, lines[2] as Line, ...lines.slice(4)])).toBe(3);
    const forged = linked(endOf(GENESIS, lines.slice(0, 4)), { at: 1, what: 'nothing happened' });
    // with a hash of its own a changed line passes, and the one behind it does not
    expect(seqOf(lines.with(4, forged))).toBe(6);
    // a line that was made to follow, with a number that does not
    const jumped = linked(endOf(GENESIS, lines.slice(0, 4)), { seq: 9, at: 1, what: 'later' });
    expect(verifyChain(GENESIS, [...lines.slice(0, 4), jumped])).toEqual({
      ...{ ok: false, seq: 5 },
      reason: 'line 5 is missing: 9 follows',
    });
  });

  it('depends on no order of keys', () => {
    const [line] = chainOf(1);
    const turned = Object.fromEntries(Object.entries(line as Line).reverse()) as unknown as Line;
    expect(verifyChain(GENESIS, [turned]).ok).toBe(true);
  });
});

describe('firstFork', () => {
  const copy = (nodeId: string, lines: readonly Line[], from = 0) => ({
    nodeId,
    anchor: endOf(GENESIS, lines.slice(0, from)),
    lines: lines.slice(from),
  });

  it('is null for equal copies, one that lags, and one that has forgotten more', () => {
    const lines = chainOf(12);
    expect(firstFork([copy('n1', lines), copy('n2', lines.slice(0, 9)), copy('n3', lines, 5)])).toBeNull();
  });

  it('tells the first line of a rewritten end, and who stands alone with it', () => {
    const lines = chainOf(12);
    const rewritten = lines.slice(0, 7);
    for (let n = 8; n <= 12; n++)
      rewritten.push(linked(endOf(GENESIS, rewritten), { at: n, what: 'rewritten' }));
    expect(verifyChain(GENESIS, rewritten).ok).toBe(true);
    const fork = firstFork([copy('n3', rewritten), copy('n1', lines), copy('n2', lines)]);
    expect(fork).toEqual({ seq: 8, groups: [['n1', 'n2'], ['n3']] });
  });
});

describe('firstGap', () => {
  const chain = chainOf(12).map((line) => ({ ...line, index: 10 * line.seq }));
  const copy = (nodeId: string, from: number, to: number, appliedIndex: number) => ({
    ...{ nodeId, appliedIndex, anchor: endOf(GENESIS, chain.slice(0, from)), lines: chain.slice(from, to) },
  });

  it('is null for equal copies, and for one that has not applied what it lacks', () => {
    expect(firstGap([copy('n1', 0, 12, 125), copy('n2', 0, 12, 999), copy('n3', 0, 9, 99)])).toBeNull();
    // who is behind has forgotten less
    expect(firstGap([copy('n1', 3, 12, 125), copy('n2', 2, 11, 119)])).toBeNull();
  });

  it('names the node whose last lines are gone, and the first of them', () => {
    const cut = [copy('n1', 0, 12, 125), copy('n2', 0, 10, 125), copy('n3', 0, 12, 125)];
    expect(firstGap(cut)).toEqual({ nodeId: 'n2', seq: 11, where: 'end' });
    expect(firstGap([copy('n1', 0, 12, 125), copy('n2', 0, 10, 110)])).toMatchObject({
      nodeId: 'n2',
      seq: 11,
    });
  });

  it('names the node whose first lines are gone', () => {
    const cut = [copy('n1', 2, 12, 125), copy('n2', 5, 12, 125)];
    expect(firstGap(cut)).toEqual({ nodeId: 'n2', seq: 3, where: 'beginning' });
  });
});
