/**
 * Flavours: numbers and strings with a kind.
 *
 * A flavoured type takes plain literals and arithmetic, but two different
 * flavours do not mix: a `Term` is refused where a `LogIndex` is asked for, a
 * `Timestamp` where an `Instant` is. That is the mistake worth catching; making
 * every literal in every table go through a constructor is not.
 */
declare const flavor: unique symbol;

/** `T` that remembers what it counts; assignable from plain `T`, not from other flavours. */
export type Flavor<T, Name extends string> = T & { readonly [flavor]?: Name };
