/** Waiting that ends in time: for whatever comes first of the work, the caller's signal and its deadline. */
import type { SqlccError } from '../base/index.ts';

export interface WithinOptions {
  readonly signal?: AbortSignal | undefined;
  /** Ms from now; for ever without. */
  readonly timeoutMs?: number;
  /** What it rejects with when the time is up. */
  readonly late?: () => SqlccError;
}

/** Rejects with the signal's reason or `late()`; the work itself goes on, its end is then nobody's. */
export function within<T>(work: Promise<T>, { signal, timeoutMs, late }: WithinOptions): Promise<T> {
  if (signal === undefined && timeoutMs === undefined) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => settle(() => reject(signal?.reason));
    const timer =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => settle(() => reject(late?.())), Math.max(0, timeoutMs));
    const settle = (how: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      how();
    };
    if (signal?.aborted === true) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    work.then(
      (value) => settle(() => resolve(value)),
      (error) => settle(() => reject(error)),
    );
  });
}

/** Sleeps `ms`, or until the signal ends it with its reason. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return within(slept, { signal }).finally(() => clearTimeout(timer));
}
