/** What is measured of a run: who knew what when, what was said wrongly, what it cost. */
import type { NodeId } from '../../src/base/index.ts';
import type { MemberEvent } from '../../src/gossip/index.ts';
import type { SimNode } from './sim-node.ts';
import type { World } from './world.ts';

/** How one node's end, or return, became known. */
interface Story {
  readonly at: number;
  /** Who must still come to know. */
  readonly waiting: Set<number>;
  suspectedAt: number | null;
  failedAt: number | null;
  /** The newest word of it that somebody waited for. */
  knownAt: number | null;
  allKnowAt: number | null;
}

export type Shown = 'suspect' | 'failed' | 'left';

export class Measures {
  readonly #world: () => World;
  readonly stories: Story[] = [];
  readonly #ends = new Map<NodeId, Story>();
  /** Nodes of whom bad words are right now; those said of others are false. */
  readonly #suspects = new Set<NodeId>();
  readonly #failures = new Set<NodeId>();
  /** By viewer: everybody who is not simply alive there. */
  readonly views: Map<NodeId, Shown>[] = [];
  /** By viewer: how many it ever heard of. */
  readonly known: number[] = [];
  falseSuspects = 0;
  falseFailures = 0;
  refutations = 0;
  /** Time in which somebody was shown as partly connected, or suspect without an end, ms times viewers. */
  unstableMs = 0;
  /** From the join until it, or all, were known; null without one. */
  joinMs: number | null = null;
  readonly #degradedAt = new Map<string, number>();

  constructor(world: () => World) {
    this.#world = world;
  }

  /** From now on `node` may be suspected or, with `failed`, be called failed. */
  allow(node: SimNode, word: 'suspected' | 'failed'): void {
    this.#suspects.add(node.nodeId);
    if (word === 'failed') this.#failures.add(node.nodeId);
  }

  /** Bad words about it are false from now on. */
  forbid(node: SimNode): void {
    this.#suspects.delete(node.nodeId);
    this.#failures.delete(node.nodeId);
  }

  /** It ends now: when do all others know? */
  follow(node: SimNode, viewers: readonly SimNode[]): void {
    this.allow(node, 'failed');
    // who ends itself owes no more knowledge
    for (const story of this.stories)
      if (story.waiting.delete(node.index) && story.waiting.size === 0) story.allKnowAt = story.knownAt;
    const waiting = new Set(viewers.map((v) => v.index));
    const story: Story = {
      ...{ at: this.#world().now, waiting, suspectedAt: null },
      ...{ failedAt: null, knownAt: null, allKnowAt: null },
    };
    this.#ends.set(node.nodeId, story);
    this.stories.push(story);
  }

  onEvent(viewer: SimNode, event: MemberEvent): void {
    if (event.kind === 'refuted') this.refutations++;
    if (!('nodeId' in event)) return;
    this.#view(viewer, event);
    const { nodeId } = event;
    if (event.kind === 'suspected' && !this.#suspects.has(nodeId)) this.falseSuspects++;
    if (event.kind === 'failed' && !this.#failures.has(nodeId)) this.falseFailures++;
    const story = this.#ends.get(nodeId);
    const now = this.#world().now;
    if (event.kind === 'suspected' && story !== undefined) story.suspectedAt ??= now - story.at;
    if (event.kind !== 'failed' || story === undefined) return;
    story.failedAt ??= now - story.at;
    if (!story.waiting.delete(viewer.index)) return;
    story.knownAt = now - story.at;
    if (story.waiting.size === 0) story.allKnowAt = story.knownAt;
  }

  #view(viewer: SimNode, event: MemberEvent & { readonly nodeId: NodeId }): void {
    let view = this.views[viewer.index];
    if (view === undefined) {
      view = new Map();
      this.views[viewer.index] = view;
    }
    const { kind, nodeId } = event;
    this.#countUnstable(viewer, event);
    if (kind === 'suspected') view.set(nodeId, 'suspect');
    else if (kind === 'failed' || kind === 'left') view.set(nodeId, kind);
    else if (kind !== 'degraded') view.delete(nodeId);
    if (kind === 'joined') this.known[viewer.index] = (this.known[viewer.index] ?? 0) + 1;
  }

  #countUnstable(viewer: SimNode, { kind, nodeId }: MemberEvent & { readonly nodeId: NodeId }): void {
    const key = `${viewer.index} ${nodeId}`;
    const since = this.#degradedAt.get(key);
    if (kind === 'degraded') this.#degradedAt.set(key, this.#world().now);
    else if (since !== undefined) {
      this.unstableMs += this.#world().now - since;
      this.#degradedAt.delete(key);
    }
  }

  /** Those still partly connected count up to now. */
  finish(): void {
    for (const since of this.#degradedAt.values()) this.unstableMs += this.#world().now - since;
    this.#degradedAt.clear();
  }

  /** A viewer starts anew: what it knew is gone. */
  clear(viewer: SimNode): void {
    this.views[viewer.index] = new Map();
    this.known[viewer.index] = 0;
  }

  /** Everybody who runs shows exactly those as ended who are, and suspects nobody. */
  areViewsEqual(): boolean {
    const world = this.#world();
    const down = world.nodes.filter((n) => !n.isUp).map((n) => n.nodeId);
    for (const node of world.nodes) {
      if (!node.isUp) continue;
      const view = this.views[node.index];
      if ((view?.size ?? 0) !== down.length) return false;
      for (const nodeId of down)
        if (view?.get(nodeId) !== 'failed' && view?.get(nodeId) !== 'left') return false;
    }
    return true;
  }
}

/** The value that `part` of all are not above; NaN of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
