/** Options of one command line, read by name and kind; a wrong value names its flag. */
import { type Duration, formatDuration, parseDuration, SqlccError } from '../base/index.ts';

/** `forMs` → `--for-ms`. */
function flagName(name: string): string {
  return `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
}

/** What a flag takes for a length of time. */
export interface DurationRule {
  /** Of a bare number; null = it is refused, for nobody knows what was meant. */
  readonly bareUnit?: 's' | null;
  readonly leastMs?: number;
}

/** Between two pictures: seconds, as in top(1) and watch(1), and no faster than a person reads. */
export const INTERVAL: DurationRule = { bareUnit: 's', leastMs: 100 };

/** `30s`, `1h`, `250ms` as ms; throws invalid_argument, naming the flag, for what is none. */
export function durationOf(flag: string, text: string, rule: DurationRule = {}): Duration {
  const { bareUnit = null, leastMs = 1 } = rule;
  const ms = parseDuration(text, bareUnit);
  if (ms !== undefined && ms >= leastMs) return ms;
  const bare = text.trim();
  if (bareUnit === null && Number(bare) > 0) {
    const hint = `write ${bare}s for seconds, ${bare}m for minutes`;
    throw new SqlccError('invalid_argument', `${flag} takes a duration with its unit, not "${text}"`, {
      hint,
    });
  }
  const which = leastMs > 1 ? `of at least ${formatDuration(leastMs)}` : 'such as 30s or 1h';
  throw new SqlccError('invalid_argument', `${flag} takes a duration ${which}, not "${text}"`, {
    hint: 'a number with its unit: 250ms, 30s, 5m, 1h',
  });
}

export class Flags {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  is(name: string): boolean {
    return this.#values[name] === true;
  }

  /** True when `--no-<name>` was given. */
  isOff(name: string): boolean {
    return this.#values[name] === false;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === undefined || value === '') {
      throw new SqlccError('invalid_argument', `${flagName(name)} is missing`, { hint: 'see --help' });
    }
    return value;
  }

  /** All values of a flag that may be given several times. */
  texts(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? (value as string[]) : [];
  }

  integer(name: string, { min = 0, max = Number.MAX_SAFE_INTEGER } = {}): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= min && value <= max)) {
      const range = max === Number.MAX_SAFE_INTEGER ? `from ${min}` : `${min} to ${max}`;
      throw new SqlccError(
        'invalid_argument',
        `${flagName(name)} takes a whole number, ${range}, not "${text}"`,
      );
    }
    return value;
  }

  port(name: string): number | undefined {
    return this.integer(name, { min: 1, max: 65_535 });
  }

  /** `30s`, `1h`, `250ms` as ms. */
  duration(name: string, rule?: DurationRule): Duration | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : durationOf(flagName(name), text, rule);
  }
}

/** `{[key]: value}`, or nothing for undefined: optional fields stay absent. */
export function given<K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } {
  return (value === undefined ? {} : { [key]: value }) as { [P in K]?: V };
}
