/**
 * The first sketch, before the command line is read to its end: from here on the terminal is guarded, so that
 * whatever becomes of the command, it is given back, with what was said meanwhile behind it.
 */
import { Guard } from './guard.ts';
import type { TopIo, TopOptions } from './options.ts';
import { paintSkeleton, type Skeleton } from './skeleton.ts';
import { chooseLook } from './theme/look.ts';

export interface FirstSketch {
  readonly guard: Guard;
  readonly skeleton: Skeleton;
}

/** Painted, and nobody goes on from it yet. */
let waiting: FirstSketch | null = null;

/** Why this terminal shows no screen; null where it does. */
export function unfit({ stdin, env }: TopIo): string | null {
  if (!stdin.isTTY) return 'the input is no terminal, so nobody could drive the screen';
  return env['TERM'] === 'dumb' ? 'TERM=dumb: this terminal has no screen to draw on' : null;
}

/** Lines are read to whoever sees no screen. */
export function isRead({ env }: TopIo): boolean {
  return env['INK_SCREEN_READER'] === 'true';
}

function paint(io: TopIo, clusterName: string | null, options: TopOptions): FirstSketch {
  const guard = new Guard(io);
  const skeleton = paintSkeleton(io.stdout, clusterName, chooseLook(options, io.env));
  guard.leaveBy(skeleton.leave);
  return { guard, skeleton };
}

/** Paints at once where a screen will follow; null where this terminal shows none. */
export function sketchEarly(io: TopIo, options: TopOptions, clusterName: string | null): FirstSketch | null {
  if (!io.stdout.isTTY || unfit(io) !== null || isRead(io)) return null;
  waiting = paint(io, clusterName, options);
  return waiting;
}

/** The sketch that is there already, or one now. */
export function sketchNow(io: TopIo, options: TopOptions, clusterName: string): FirstSketch {
  const there = waiting;
  waiting = null;
  if (there === null) return paint(io, clusterName, options);
  there.skeleton.name(clusterName);
  return there;
}
