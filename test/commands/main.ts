/** `npm run docs:commands`: types the commands of the design document on a real cluster and writes docs/commands.md. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { given } from '../usage.ts';
import { type Played, Stage } from './play.ts';

const PAGE = join(import.meta.dirname, '..', '..', 'docs', 'commands.md');
const BEGIN = '<!-- played: made by npm run docs:commands -->\n';
const END = '<!-- /played -->\n';

given({
  command: 'npm run docs:commands --',
  about: 'Types the commands of docs/commands.md on a real cluster and writes the page anew.',
  takes: 'about half a minute.',
  flags: {},
});
const stage = new Stage();
const page: string[] = [];

function heading(title: string, text: string): void {
  page.push(`## ${title}\n`, `${text}\n`);
}

/** As a terminal shows it: the line, what it printed, and the exit code where that is not 0. */
function show({ line, code, stdout, stderr }: Played): Played {
  const exit = code === null || code === 0 ? '' : `# exit code ${code}\n`;
  page.push('```console', stage.mask.text(`$ sqlcc ${line}\n${stderr}${stdout}${exit}`).trimEnd(), '```\n');
  return { line, code, stdout, stderr };
}

const shown = async (line: string): Promise<Played> => show(await stage.run(line));

async function form(): Promise<void> {
  heading('cluster init', 'Writes configuration, certificates and the administrator’s context.');
  await shown(`cluster init --cluster-name sqlcc-cluster-001 ${stage.place(1)}`);
  heading(
    'node start',
    'The daemon, in the foreground; a line of JSON an event. The first lines of its log:',
  );
  const paths = `--config ${stage.path('node-001.yaml')} --data-dir ${stage.path('node-001')}`;
  show(await stage.daemon(`node start ${paths} --log-level INFO`, 1, 12));
  heading(
    'node join',
    'A token lets one node in. It enrols, writes its configuration, and is a daemon from then on.',
  );
  for (const node of [2, 3]) {
    const { stdout } = await stage.run('token create --join');
    const token = stdout.trim();
    const file = stage.write(`token-${node}`, token);
    const line = `node join --seed-node 127.0.0.1:${stage.port(1, 0)} ${stage.place(node)} --token-file ${file}`;
    const joined = await stage.daemon(line, node, 10);
    if (node === 2) {
      show({ line: 'token create --join', code: 0, stdout, stderr: '' });
      show(joined);
    }
  }
  await stage.run('cluster status --until healthy --timeout 30s');
  // healthy is also who follows and has no vote yet
  const everybody = async () => {
    const { stdout } = await stage.run('cluster status');
    // the table has a node's own word, which comes a moment after its vote
    return stdout.includes('3 of 3 voters alive') && !stdout.includes('learner');
  };
  for (let tries = 0; tries < 50 && !(await everybody()); tries++) await sleep(100);
}

async function look(): Promise<void> {
  heading('cluster status', 'Exits 0 when healthy, 3 when degraded, 4 without quorum or leader.');
  await shown('cluster status');
  await shown('cluster status -o json');
  heading('node list', 'A row of every node; `-o wide` has all columns, `-o json` all fields.');
  await shown('node list');
  await shown('node list -o wide');
  await shown('node list -o json');
  heading('node leader', 'Exits 4 when nobody leads.');
  await shown('node leader');
  await shown('node leader -o json');
}

async function act(): Promise<void> {
  heading('cluster failover', 'A plan with its checks and candidates first; `--yes` carries it out.');
  await shown('cluster failover --dry-run');
  await shown('cluster failover --to node-002 --yes --reason drill');
  await stage.run('cluster status --until healthy --timeout 30s');
  await shown('cluster failover --to node-001 --yes -o json');
  await stage.run('cluster status --until healthy --timeout 30s');
  heading('node maintenance enable', 'Ends by itself, after an hour unless told otherwise.');
  await shown('node maintenance enable --node node-003 --for 1h --reason disk --yes');
  await shown('node maintenance status');
  await shown('node maintenance disable --node node-003 --yes');
}

async function configure(): Promise<void> {
  heading('cluster config update', 'What is absent stays. A wrong file changes nothing and exits 10.');
  const good = 'cluster:\n  raft:\n    election_timeout_ms: 200\n';
  await shown(`cluster config update ${stage.write('cluster.yaml', good)} --reason slower`);
  const rule = '  - {name: A, condition: "eror_rate > 1", severity: critical}';
  const wrong = `cluster:\n  raft:\n    election_timeout_ms: 60\nalerts:\n${rule}\n`;
  await shown(`cluster config update ${stage.write('wrong.yaml', wrong)}`);
  await shown('cluster config history');
  heading(
    'cluster config backup',
    'The whole replicated configuration, with the cluster that it belongs to.',
  );
  await shown(`cluster config backup ${stage.path('backup.yaml')}`);
  const backup = stage.mask.text(readFileSync(stage.path('backup.yaml'), 'utf8'));
  page.push('```yaml', backup.trimEnd(), '```\n');
}

try {
  await stage.open();
  await form();
  await look();
  await act();
  await configure();
  const [before = ''] = readFileSync(PAGE, 'utf8').split(BEGIN);
  writeFileSync(PAGE, `${before}${BEGIN}\n${page.join('\n')}\n${END}`);
} finally {
  await stage.close();
}
