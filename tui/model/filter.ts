/**
 * The filter of a list: words that must all hold. `name` anywhere in a row's words, `a|b` one of both ·
 * `state:dead` one field, `state:!ok` its contrary · `lag>500` a number · `!word` not · `~regex` over all
 * words. Cut here in words. What can't be meant matches nothing, and is told in a sentence.
 */
export interface Fields<T> {
  /** What a bare word and a pattern look in. */
  readonly text: (row: T) => string;
  readonly words: Readonly<Record<string, (row: T) => string>>;
  readonly numbers?: Readonly<Record<string, (row: T) => number | null>>;
}

export interface Filter<T> {
  /** True when the row fulfils every word; an empty filter lets all through. */
  readonly test: (row: T) => boolean;
  /** The first word that can't be meant, in a sentence; null = all can. */
  readonly wrong: string | null;
}

type Test<T> = (row: T) => boolean;
/** A test, or what is wrong. */
type Read<T> = Test<T> | string;

const PATTERN_CHARS = 60;

/** Names of the fields, as help and complaints list them: `state: zone: lag>`. */
export function fieldNames<T>({ words, numbers = {} }: Fields<T>): string {
  return [...Object.keys(words).map((name) => `${name}:`), ...Object.keys(numbers).map((n) => `${n}>`)].join(
    ' ',
  );
}

function negated<T>(read: Read<T>): Read<T> {
  return typeof read === 'string' ? read : (row) => !read(row);
}

function pattern<T>(source: string, fields: Fields<T>): Read<T> {
  try {
    const compiled = new RegExp(source.slice(0, PATTERN_CHARS), 'i');
    return (row) => compiled.test(fields.text(row));
  } catch {
    return `~${source} is no regular expression`;
  }
}

function holds(text: string, wanted: string): boolean {
  const whole = text.toLowerCase();
  return wanted.split('|').some((part) => whole.includes(part));
}

function ofNumber<T>([name = '', sign = '', value = '']: readonly string[], fields: Fields<T>): Read<T> {
  const read = fields.numbers?.[name];
  if (read === undefined) return `there is no number "${name}" here: ${fieldNames(fields)}`;
  if (!/^\d+(\.\d+)?$/.test(value)) return `${name}${sign} wants a number, such as ${name}${sign}10`;
  const limit = Number(value);
  return (row) => {
    const found = read(row);
    if (found === null) return false;
    return sign === '>' ? found > limit : sign === '<' ? found < limit : found === limit;
  };
}

function ofField<T>([name = '', value = '']: readonly string[], fields: Fields<T>): Read<T> {
  const read = fields.words[name];
  if (read === undefined) return `there is no field "${name}" here: ${fieldNames(fields)}`;
  if (value === '' || value === '!') return `${name}: wants a word`;
  const wanted = value.toLowerCase();
  if (wanted.startsWith('!')) return (row) => !holds(read(row), wanted.slice(1));
  return (row) => holds(read(row), wanted);
}

function oneTest<T>(word: string, fields: Fields<T>): Read<T> {
  if (word.startsWith('!') && word.length > 1) return negated(oneTest(word.slice(1), fields));
  if (word.startsWith('~') && word.length > 1) return pattern(word.slice(1), fields);
  const field = /^([a-z]+):(.*)$/i.exec(word);
  if (field !== null) return ofField(field.slice(1), fields);
  const number = fields.numbers === undefined ? null : /^([a-z]+)([<>=])(.*)$/i.exec(word);
  if (number !== null) return ofNumber(number.slice(1), fields);
  const plain = word.toLowerCase();
  return (row) => holds(fields.text(row), plain);
}

export function parseFilter<T>(text: string, fields: Fields<T>): Filter<T> {
  const reads = text
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => oneTest(word, fields));
  const wrong = reads.find((read) => typeof read === 'string') ?? null;
  const tests = reads.filter((read) => typeof read !== 'string');
  return { wrong, test: (row) => wrong === null && tests.every((test) => test(row)) };
}
