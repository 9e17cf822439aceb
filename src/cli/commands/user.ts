/** `sqlcc user list|add|grant|revoke`. */
import { SqlccError } from '../../base/index.ts';
import type { UserRow } from '../../client/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { time } from '../output/words.ts';

const COLUMNS: readonly Column<UserRow>[] = [
  { name: 'NAME', of: (u) => u.name },
  { name: 'ROLE', of: (u) => u.role },
  { name: 'STATE', of: (u) => u.state },
  { name: 'TOKENS', of: (u) => u.tokens.join(',') },
  {
    name: 'CERT-UNTIL',
    of: ({ certificate: c }) => c && `${time(c.not_after)}${c.ends_soon ? ' !' : ''}`,
  },
  { name: 'CHANGED', of: (u) => time(u.changed) },
  { name: 'BY', of: (u) => u.changed_by },
  { name: 'CREATED', of: (u) => time(u.created), wide: true },
];

export const userList: Run = async (context) => {
  const client = await context.client();
  const answer = await client.people.users();
  await context.printer.answer(answer, () => context.printer.table(COLUMNS, answer.users), answer.users);
  return EXIT.ok;
};

const set =
  (mode: 'add' | 'grant'): Run =>
  async (context, { args, flags }) => {
    const [name = '', word] = args;
    const role = flags.text('role') ?? word;
    if (role === undefined || (word !== undefined && word !== role)) {
      const what = role === undefined ? 'which role?' : `${word} or ${role}: one role, please`;
      const hint = `sqlcc user ${mode} ${name} ROLE, or --role ROLE; see --help`;
      throw new SqlccError('invalid_argument', what, { hint });
    }
    const client = await context.client();
    const { user } = await client.people.set({ name, role, mode, ...given('reason', flags.text('reason')) });
    await context.printer.answer(user, () => context.printer.line(`user ${name} has the role ${user.role}`));
    return EXIT.ok;
  };

export const userAdd = set('add');
export const userGrant = set('grant');

export const userRevoke: Run = async (context, { args, flags }) => {
  const name = args[0] ?? '';
  const client = await context.client();
  await client.people.revoke(name, flags.text('reason'));
  await context.printer.answer({ name, revoked: true }, () => {
    context.printer.line(`user ${name} is revoked`);
    context.printer.note(
      'every node refuses its certificates and tokens within 10 s, open sessions included',
    );
  });
  return EXIT.ok;
};
