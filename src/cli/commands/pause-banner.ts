/** What stands above every picture of a paused cluster. */
import type { NodesResponse } from '../../client/index.ts';
import type { CliContext } from '../context.ts';
import type { Printer } from '../output/printer.ts';
import type { Tone } from '../output/table.ts';
import { safe } from '../output/width.ts';
import { time } from '../output/words.ts';

export function pauseWords({ owner, reason, expires }: NonNullable<NodesResponse['pause']>): string {
  return `by ${owner} until ${time(expires)}${reason === '' ? '' : `: ${reason}`}`;
}

/** The pause, for answers that say nothing of it; a machine format and a question that fails have none. */
export async function askPause(context: CliContext): Promise<NodesResponse['pause']> {
  if (!context.printer.isText) return null;
  const client = await context.client();
  return client.nodes({ stale: true }).then(
    (answer) => answer.pause,
    () => null,
  );
}

/** One line on stdout; nothing while the cluster is not paused. */
export function pauseBanner(printer: Printer, pause: NodesResponse['pause']): void {
  const tone: Tone = 'warn';
  if (pause != null) printer.line(printer.paint(safe(`PAUSED ${pauseWords(pause)}`), tone));
}
