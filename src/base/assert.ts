/**
 * Assertions stay on in production. A failed one is a bug: the node dumps its
 * status and stops, because a dead node is a case that the cluster handles and a
 * lying one is not. Nobody catches `AssertionError` but the supervisor.
 */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Throws `AssertionError` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** What `assert` does, where a rule is asked so often that its words are made only for what breaks it. */
export function violated(message: string): never {
  throw new AssertionError(message);
}

/** The value, which must be there: throws `AssertionError` on null and undefined. */
export function must<T>(value: T | null | undefined, what: string): T {
  if (value === null || value === undefined) throw new AssertionError(`${what} is missing`);
  return value;
}

/** Closes a switch over a union: a new member is a compile error, a lie at run time throws. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable: ${JSON.stringify(value)}`);
}
