/** What every `Notifier` must do (daemon/notifiers/notifier.ts), whatever its receiver does. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Notifier } from '../../daemon/notifiers/notifier.ts';
import type { Notification } from '../../src/alerts/index.ts';
import { HOSTILE_TEXTS, sample } from '../unit/daemon/notifiers/sample.ts';

/** One message as its receiver understood it. */
export interface Heard {
  /** By which it knows a repetition; null where the channel has nothing of the kind. */
  readonly mark: string | null;
  /** The same for all kinds of one incident. */
  readonly incident: string;
  /** Everything that a person sees. */
  readonly text: string;
  readonly bytes: number;
  /** What is in it that no notification may hold; empty when all is well. */
  readonly complaints: readonly string[];
}

export type Mood = 'accepts' | 'is busy' | 'refuses' | 'resets' | 'is silent';

export interface NotifierPupil {
  readonly channel: string;
  /** With `reference` in place of the secret address, and whether loopback is allowed. */
  open(changes?: { reference?: string; allowLoopback?: boolean }): Notifier;
  /** The secret part of what it was configured with. */
  readonly secret: string;
  behave(mood: Mood): void | Promise<void>;
  heard(): readonly Heard[] | Promise<readonly Heard[]>;
  stop(): Promise<void>;
}

/** The largest message of any of them; no channel takes less. */
const MAX_BYTES = 64 * 1024;
const FIELDS = ['key', 'alertId', 'rule', 'nodeId', 'condition', 'value', 'clusterName', 'by'] as const;

/** Registers the suite for one implementation. */
export function notifierContract(name: string, start: () => Promise<NotifierPupil>): void {
  describe(`${name}: every notifier`, () => {
    let pupil: NotifierPupil;
    let notifier: Notifier;
    beforeEach(async () => {
      pupil = await start();
      notifier = pupil.open();
    });
    afterEach(async () => {
      await notifier.close();
      await pupil.stop();
    });
    const deliver = (n: Notification, signal = AbortSignal.timeout(20_000)) => notifier.deliver(n, signal);

    it('tells what happened, where and since when, and gives a receipt', async () => {
      expect(notifier.channel).toBe(pupil.channel);
      const delivery = await deliver(sample());
      expect(delivery).toEqual({ outcome: 'delivered', receipt: expect.stringMatching(/^2\d\d/) });
      const [heard] = await pupil.heard();
      for (const word of ['HighErrorRate', 'n2', 'error_rate = 0.037', 'trial', 'critical'])
        expect(heard?.text).toContain(word);
      expect(heard?.text).toContain('2026-11-29T02:00:00.000Z');
    });

    it('marks a repetition, and keeps the kinds of one incident together', async () => {
      await deliver(sample());
      await deliver(sample());
      await deliver(sample({ kind: 'acknowledged', by: 'erika', at: 1_764_381_605_000 }));
      await deliver(sample({ kind: 'resolved', at: 1_764_381_606_000 }));
      await deliver(sample({ key: 'another/incident/1' }));
      const heard = await pupil.heard();
      expect(heard).toHaveLength(5);
      expect(heard[0]?.mark).toBe(heard[1]?.mark);
      if (heard[0]?.mark !== null) expect(new Set(heard.map((h) => h.mark)).size).toBe(4);
      expect(new Set(heard.slice(0, 4).map((h) => h.incident)).size).toBe(1);
      expect(heard[4]?.incident).not.toBe(heard[0]?.incident);
      expect(heard[2]?.text).toContain('erika');
    });

    it('sends hostile texts as texts, on one line, within its bounds', async () => {
      for (const hostile of HOSTILE_TEXTS) {
        const all = Object.fromEntries(FIELDS.map((field) => [field, hostile]));
        await deliver(sample({ ...all, kind: 'acknowledged' }));
      }
      const heard = await pupil.heard();
      expect(heard).toHaveLength(HOSTILE_TEXTS.length);
      expect(heard.flatMap((h) => h.complaints)).toEqual([]);
      expect(Math.max(...heard.map((h) => h.bytes))).toBeLessThan(MAX_BYTES);
    });

    it('may be repeated when the receiver is busy, resets, or does not listen', async () => {
      for (const mood of ['is busy', 'resets'] as const) {
        await pupil.behave(mood);
        expect(await deliver(sample()), mood).toMatchObject({ outcome: 'retry' });
      }
      await pupil.stop();
      const gone = await deliver(sample());
      expect(gone).toMatchObject({ outcome: 'retry', afterMs: null });
      expect(gone).toHaveProperty('reason', expect.stringMatching(/ECONNREFUSED/));
    });

    it('is rejected for good when the receiver says no', async () => {
      await pupil.behave('refuses');
      expect(await deliver(sample())).toMatchObject({ outcome: 'rejected' });
    });

    it('ends when it is aborted or closed, and does not begin afterwards', async () => {
      await pupil.behave('is silent');
      const abort = new AbortController();
      const first = deliver(sample(), abort.signal);
      abort.abort();
      expect(await first).toMatchObject({ outcome: 'retry' });
      const second = deliver(sample());
      await notifier.close();
      await notifier.close();
      expect(await second).toMatchObject({ outcome: 'retry' });
      await pupil.behave('accepts');
      expect(await deliver(sample())).toMatchObject({ outcome: 'retry' });
      expect(await pupil.heard()).toEqual([]);
    });

    it('does not call this machine unless that is allowed', async () => {
      notifier = pupil.open({ allowLoopback: false });
      const delivery = await deliver(sample());
      expect(delivery).toMatchObject({ outcome: 'rejected' });
      expect(delivery).toHaveProperty('reason', expect.stringMatching(/allow_loopback/));
      expect(await pupil.heard()).toEqual([]);
    });

    it('names a secret that is missing, and may be repeated', async () => {
      notifier = pupil.open({ reference: 'file:/nonexistent/secret' });
      const delivery = await deliver(sample());
      expect(delivery).toMatchObject({ outcome: 'retry', afterMs: null });
      const named = /notifiers\..*file:\/nonexistent\/secret.*ENOENT/;
      expect(delivery).toHaveProperty('reason', expect.stringMatching(named));
    });

    it('repeats no secret in what it says, even where the receiver does', async () => {
      for (const mood of ['accepts', 'is busy', 'refuses', 'resets'] as const) {
        await pupil.behave(mood);
        const said = JSON.stringify(await deliver(sample({ value: 'short' })));
        expect(said, mood).not.toContain(pupil.secret);
        expect(said, mood).not.toContain(Buffer.from(pupil.secret).toString('base64'));
        if (mood === 'is busy' || mood === 'refuses') expect(said, mood).toContain('[redacted]');
      }
    });
  });
}
