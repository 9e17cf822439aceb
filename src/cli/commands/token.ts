/** `sqlcc token create|list|revoke`. */
import { SqlccError } from '../../base/index.ts';
import type { TokenRow } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { type Flags, given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

const COLUMNS: readonly Column<TokenRow>[] = [
  { name: 'ID', of: (t) => t.id },
  { name: 'KIND', of: (t) => t.kind },
  { name: 'ROLE', of: (t) => t.role },
  { name: 'FOR', of: (t) => t.node_id ?? t.user },
  { name: 'CREATED', of: (t) => time(t.created) },
  { name: 'EXPIRES', of: (t) => time(t.expires) },
  { name: 'BY', of: (t) => t.created_by },
  { name: 'USED-BY', of: (t) => t.used_by },
];

function kindOf(flags: Flags): { kind: 'access' | 'join'; role: string } {
  const role = flags.text('role');
  const isJoin = flags.is('join');
  if (isJoin === (role !== undefined)) {
    throw new SqlccError(
      'invalid_argument',
      'a token is for a new node or for somebody: one of --join and --role',
      {
        hint: 'sqlcc token create --join, or sqlcc token create --role viewer',
      },
    );
  }
  if (!isJoin) return { kind: 'access', role: role ?? '' };
  if (flags.is('voter') && flags.is('observer'))
    throw new SqlccError('invalid_argument', 'one of --voter and --observer');
  return { kind: 'join', role: flags.is('observer') ? 'observer' : 'voter' };
}

export const tokenCreate: Run = async (context, { flags }) => {
  const { kind, role } = kindOf(flags);
  const client = await context.client();
  const made = await client.createToken({
    ...{ kind, role },
    ...given('ttlMs', flags.duration('ttl')),
    ...given('nodeId', flags.text('node')),
    ...given('user', flags.text('user')),
  });
  const { printer } = context;
  await printer.answer(made, () => {
    printer.line(made.token);
    const use =
      kind === 'join'
        ? `sqlcc node join --seed-node ${client.endpoints[0]} --node-id NAME --token-file FILE`
        : '--token-file FILE';
    printer.note(
      `${role}, id ${made.id}, good until ${time(made.expires)} UTC; shown only now. Use it with ${use}`,
    );
  });
  return EXIT.ok;
};

export const tokenList: Run = async (context) => {
  const client = await context.client();
  const answer = await client.tokens();
  await context.printer.answer(answer, () => context.printer.table(COLUMNS, answer.tokens), answer.tokens);
  return EXIT.ok;
};

export const tokenRevoke: Run = async (context, { args }) => {
  const id = args[0] ?? '';
  const client = await context.client();
  await client.revokeToken(id);
  await context.printer.answer({ id, revoked: true }, () => context.printer.line(`token ${id} is revoked`));
  return EXIT.ok;
};
