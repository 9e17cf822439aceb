/**
 * Takes out of texts and records what must not leave the machine: keys, tokens, secrets of
 * notifiers, credentials in addresses, and data of users. References to secrets
 * (`file:…`, `env:…`) stay: they say where to look and nothing else.
 */

export const REDACTED = '[redacted]';

const SECRET_NAME = [
  ...['smtp_?url', 'url', 'routing_?key', 'api_?key', 'private_?key', 'authorization', 'cookie'],
  ...['[\\w-]*(?:password|passwd|secret)[\\w-]*', '(?:[\\w-]*_)?token'],
].join('|');
/** Data of users: what was written, asked or stored. */
const DATA_NAME = 'sql|params|statements?|rows';

const PEM = /-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]*?(?:-----END \1-----|$)/g;
const TOKEN = /\bsqlcc1\.([A-Za-z0-9]+)\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)?/g;
const USER_INFO = /(:\/\/)[^\s/@"']+@/g;
const BEARER = /\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi;
const HOOK = /(https?:\/\/hooks\.[\w.-]+\/)[^\s"'\\]+/g;
const FLAG = /(--(?:token|password)[ =])\S+/g;
/**
 * `name: value`, `"name":"value"`, `name=value`; a colon without a blank is part of a word (`token:ID`). A
 * value without quotes goes to the end of its line, and a block to the end of what is indented: rather too
 * much than too little.
 */
const INDENTED = String.raw`\n(?:[ \t]+[^\n]*\n?)+`;
const QUOTED = String.raw`"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*'`;
const VALUE = `${QUOTED}|[|>][-+\\d]*[ \\t]*${INDENTED}|[^\\n]+|${INDENTED}`;
const ASSIGNED = String.raw`(["']?\s*=\s*)(\S+)`;
const TOLD = String.raw`(["']\s*:\s*|:[ \t]*(?=\n)|:[ \t]+)`;
const FIELD = new RegExp(`(^|[\\s{,"'?&])(${SECRET_NAME})(?:${ASSIGNED}|${TOLD}(${VALUE}))`, 'gim');
const REFERENCE = /^["']?(?:file|env):/;
/** No secrets, or the beginning of something whose parts have names of their own. */
const NOTHING = /^(?:null|~|true|false|[{[].*)$/;

/** `text` without secrets; names of things stay. */
export function redactText(text: string): string {
  return text
    .replace(PEM, REDACTED)
    .replace(TOKEN, `sqlcc1.$1.${REDACTED}`)
    .replace(FLAG, `$1${REDACTED}`)
    .replace(BEARER, `$1 ${REDACTED}`)
    .replace(USER_INFO, `$1${REDACTED}@`)
    .replace(HOOK, `$1${REDACTED}`)
    .replace(FIELD, (whole: string, ...groups: (string | undefined)[]) => redactField(whole, groups));
}

function redactField(whole: string, groups: readonly (string | undefined)[]): string {
  const [before = '', name = '', equals, assigned, colon, told] = groups;
  const value = assigned ?? told ?? '';
  if (REFERENCE.test(value) || NOTHING.test(value) || value.includes(REDACTED)) return whole;
  const end = value.endsWith('\n') ? '\n' : '';
  const shown = value.startsWith('"') ? `"${REDACTED}"` : value.startsWith('\n') ? ` ${REDACTED}` : REDACTED;
  return `${before}${name}${equals ?? colon ?? ''}${shown}${end}`;
}

const IS_SECRET = new RegExp(`^(?:${SECRET_NAME})$`, 'i');
const IS_DATA = new RegExp(`^(?:${DATA_NAME})$`, 'i');

/** The same for a record, by the names of its fields and in each of its texts. */
export function redactValue(value: unknown, name = ''): unknown {
  if (typeof value === 'string') {
    const isKept = !IS_SECRET.test(name) || REFERENCE.test(value);
    return isKept && !IS_DATA.test(name) ? redactText(value) : REDACTED;
  }
  if (IS_DATA.test(name) && value !== null && typeof value === 'object') return REDACTED;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, redactValue(item, key)]));
}

/** A log: lines of JSON by their fields, other lines as text. */
export function redactLog(text: string): string {
  // a key in PEM may run over several lines
  return text
    .replace(PEM, REDACTED)
    .split('\n')
    .map((line) => {
      if (!line.startsWith('{')) return redactText(line);
      try {
        return JSON.stringify(redactValue(JSON.parse(line)));
      } catch {
        return redactText(line);
      }
    })
    .join('\n');
}
