/**
 * Where the file of a thread or child process lies: beside this one, as source in development, as bundle
 * otherwise.
 */

/** `name` without suffix, e.g. `state-worker`. */
export function entryUrl(name: string): URL {
  const suffix = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${suffix}`, import.meta.url);
}
