/** Writers that put new keys in turn until they are stopped; a refused or unknown write is not repeated. */
import { setTimeout as after } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import type { DemoCluster } from '../../daemon/demo-cluster.ts';

export class Load {
  /** Keys whose write was acknowledged, and their values. */
  readonly acknowledged = new Map<string, string>();
  /** Codes of the errors that writes ended with. */
  readonly refusals = new Map<string, number>();
  readonly #cluster: DemoCluster;
  readonly #valueBytes: number;
  #running = true;
  readonly #writers: Promise<void>[];

  constructor(cluster: DemoCluster, writers: number, valueBytes = 1000) {
    this.#cluster = cluster;
    this.#valueBytes = valueBytes;
    this.#writers = Array.from({ length: writers }, (_, w) => this.#write(w));
    onTestFinished(() => this.stop());
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#writers);
  }

  /** Acknowledged keys that are not there, or have another value. */
  async missing(): Promise<string[]> {
    const keys = [...this.acknowledged.keys()];
    const lost: string[] = [];
    const step = Math.max(1, Math.floor(2_000_000 / this.#valueBytes / 2));
    for (let at = 0; at < keys.length; at += Math.min(1000, step)) {
      const asked = keys.slice(at, at + Math.min(1000, step));
      const answer = await this.#cluster.client().kv.batch(asked);
      const found = new Map(answer.items.map((item) => [item.key, item.value]));
      lost.push(...asked.filter((key) => found.get(key) !== this.acknowledged.get(key)));
    }
    return lost;
  }

  async #write(writer: number): Promise<void> {
    for (let n = 0; this.#running; n++) {
      const key = `w${writer}-${n}`;
      const value = `${key} `.padEnd(this.#valueBytes, '.');
      try {
        await this.#cluster.client().kv.put(key, value, { timeoutMs: 3000 });
        this.acknowledged.set(key, value);
      } catch (error) {
        const { code } = error as { code?: string };
        this.refusals.set(String(code), (this.refusals.get(String(code)) ?? 0) + 1);
        await after(20);
      }
    }
  }
}
