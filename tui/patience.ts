/** How long the screen waits for a node and before it asks again, and what it says when nothing came. */
import { SqlccError } from '../src/base/index.ts';
import type { Failure } from './model/messages.ts';

const RETRY_MS: readonly number[] = [100, 200, 400, 800, 1600, 2000];

/** Before the next attempt, after so many that failed in a row. */
export function retryMs(failures: number): number {
  const base = RETRY_MS[Math.min(failures, RETRY_MS.length) - 1] ?? 100;
  // jitter keeps a room full of screens from knocking at the same moment
  return base * (0.75 + Math.random() * 0.5);
}

/** Rejects when `work` takes longer than `ms`. */
export async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new SqlccError('unavailable', `no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is wrong with a configuration, of which the message says only how much; empty where it is none. */
function issuesOf(error: SqlccError): string {
  const issues = error.details['issues'];
  if (!Array.isArray(issues)) return '';
  const said = issues.flatMap((issue: { readonly message?: unknown } | null) =>
    typeof issue?.message === 'string' ? [issue.message] : [],
  );
  return said.length === 0 ? '' : `: ${said.join('; ')}`;
}

function longestOf({ details }: SqlccError): { longestMs?: number } {
  const { longest_ms: longestMs } = details;
  return typeof longestMs === 'number' ? { longestMs } : {};
}

/** Asking again would be answered the same. */
export function isFinal(error: unknown): boolean {
  return error instanceof SqlccError && error.retry === 'no';
}

/** What Node says of its own end of a connection that never began. */
const NO_PLACE = / - Local \([^)]*\)/g;

export function failureOf(error: unknown): Failure {
  if (error instanceof SqlccError)
    return {
      code: error.code,
      message: `${error.message}${issuesOf(error)}`.replace(NO_PLACE, ''),
      hint: error.hint,
      ...longestOf(error),
    };
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'internal', message, hint: '' };
}
