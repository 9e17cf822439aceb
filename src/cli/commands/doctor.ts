/** `sqlcc doctor`: this machine's fitness for a node, as rows and as an exit code. */
import type { DoctorRow } from '../../../daemon/index.ts';
import type { Run } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { given } from '../flags.ts';
import type { Column } from '../output/table.ts';
import { state } from '../output/words.ts';

const COLUMNS: readonly Column<DoctorRow>[] = [
  { name: 'CHECK', of: (r) => r.name },
  { name: 'STATE', of: (r) => state(r.state) },
  { name: 'FOUND', of: (r) => r.text },
];

export const doctor: Run = async ({ printer }, { flags }) => {
  const { examine } = await import('../../../daemon/index.ts');
  const port = flags.port('port') ?? 5433;
  const report = await examine({
    ...given('configFile', flags.text('config')),
    ...given('dataDir', flags.text('dataDir')),
    host: flags.text('host') ?? '127.0.0.1',
    port,
    clientPort: flags.port('clientPort') ?? 5434,
    peerPort: flags.port('peerPort') ?? port + 2,
    metricsPort: flags.port('metricsPort') ?? 9090,
  });
  const { rows } = report;
  const worst = rows.some((r) => r.state === 'fail')
    ? 'fail'
    : rows.some((r) => r.state === 'warn')
      ? 'warn'
      : 'ok';
  const document = { result: worst, data_dir: report.dataDir, node_id: report.nodeId, checks: rows };
  await printer.answer(
    document,
    () => {
      printer.table(COLUMNS, rows);
      const toDo = rows.filter((r) => r.advice !== '');
      if (toDo.length > 0) printer.line('\nWhat to do:');
      for (const { name, advice } of toDo) printer.line(`  ${name}: ${advice}`);
    },
    rows,
  );
  return worst === 'fail' ? EXIT.critical : worst === 'warn' ? EXIT.degraded : EXIT.ok;
};
