/** YAML in and out. Behind a door of its own, so that commands without YAML do not load the library. */
import { parse, stringify } from 'yaml';

/** Throws on what is no YAML, or expands too far. */
export function parseYaml(text: string): unknown {
  return parse(text, { maxAliasCount: 16 });
}

export function formatYaml(value: unknown): string {
  return stringify(value);
}
