/**
 * The key of a command as it is in force, for every sentence that names one: a person may have chosen another
 * key than the one in the register. The register says here what it is; nothing else is known of it.
 */
import type { Binding, CommandId } from './binding.ts';

let inForce: ReadonlyMap<CommandId, string> = new Map();

/** Told by the register whenever the keymap changes. */
export function takeKeyNames(keymap: readonly Binding[]): void {
  const main = keymap.filter((b) => b.context === 'main');
  inForce = new Map(main.map((b) => [b.id, b.label.split(' ')[0] ?? b.label]));
}

/** Two keys that go together, e.g. `← →`, or where they are signs and `isClose` so `↑↓`. */
export function pairOf(one: CommandId, other: CommandId, isClose = false): string {
  const keys = [keyOf(one), keyOf(other)];
  return keys.join(isClose && keys.every((key) => key.length === 1) ? '' : ' ');
}

/** The first key of the command, as printed, e.g. `F` or `Space`. */
export function keyOf(id: CommandId): string {
  return inForce.get(id) ?? id;
}
