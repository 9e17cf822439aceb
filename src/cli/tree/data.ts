/** `sqlcc sql` and `sqlcc kv …`: words, flags and examples. */
import type { CommandSpec } from '../command-spec.ts';

const LEVEL = {
  flags: '--level <level>',
  text: 'linearizable (default), weak (leader, unconfirmed) or none (any node’s copy)',
  choices: ['linearizable', 'session', 'weak', 'none'],
};
const NODE = { flags: '--node <id>', text: 'ask this node' };
const IF_VERSION = {
  flags: '--if-version <version>',
  text: 'only if the key has this version; 0 = must not exist',
};

export const DATA: readonly CommandSpec[] = [
  {
    path: 'sql',
    summary: 'run SQL; everything given at once is one transaction',
    details:
      'Statements come from -c, from a file, or from stdin. A write whose answer is lost ' +
      'exits 7: look before you repeat it.',
    flags: [
      { flags: '-c, --command <sql>', text: 'statements; may be given several times', many: true },
      { flags: '-f, --file <file>', text: 'file with statements, "-" for stdin' },
      LEVEL,
      NODE,
    ],
    online: true,
    examples: [
      'sql -c "SELECT name, population FROM cities ORDER BY 2 DESC LIMIT 5"',
      'sql -f schema.sql',
      'echo "SELECT 1" | sqlcc sql -o json',
    ],
    load: async () => (await import('../commands/sql.ts')).sql,
  },
  {
    path: 'kv get',
    summary: 'print the value of a key, or of many at one moment',
    args: ['<key...>'],
    flags: [LEVEL, NODE],
    online: true,
    examples: ['kv get app/mode', 'kv get app/mode -o json', 'kv get a b c -o jsonl'],
    load: async () => (await import('../commands/kv.ts')).kvGet,
  },
  {
    path: 'kv put',
    summary: 'write a key; "-" or no value reads it from stdin',
    args: ['<key>', '[value]'],
    flags: [IF_VERSION],
    online: true,
    examples: [
      'kv put app/mode blue',
      'kv put app/mode green --if-version 52',
      'kv put app/cert - < cert.pem',
    ],
    load: async () => (await import('../commands/kv.ts')).kvPut,
  },
  {
    path: 'kv delete',
    summary: 'delete a key; exits 11 if there was none',
    args: ['<key>'],
    flags: [IF_VERSION],
    online: true,
    examples: ['kv delete app/mode'],
    load: async () => (await import('../commands/kv.ts')).kvDelete,
  },
  {
    path: 'kv list',
    summary: 'keys and values by prefix',
    args: ['[prefix]'],
    flags: [
      { flags: '--prefix <prefix>', text: 'keys that begin with it' },
      { flags: '--limit <n>', text: 'at most so many, default 1000' },
      LEVEL,
      NODE,
    ],
    online: true,
    watchable: true,
    examples: ['kv list --prefix app/', 'kv list -o jsonl'],
    load: async () => (await import('../commands/kv.ts')).kvList,
  },
  {
    path: 'kv watch',
    summary: 'print changes as they happen, resumed after every failover',
    args: ['[key]'],
    flags: [
      { flags: '--prefix <prefix>', text: 'all keys that begin with it' },
      { flags: '--after <version>', text: 'begin behind this version' },
    ],
    online: true,
    examples: ['kv watch app/mode', 'kv watch --prefix app/ -o jsonl'],
    load: async () => (await import('../commands/kv.ts')).kvWatch,
  },
];
