/** Asks the tests that rows of docs/tests.md name, in a planted copy, and nothing else. */
import { type HuntOptions, resultsOf, run } from './hunt.ts';

interface Reference {
  readonly path: string;
  readonly names: readonly string[];
}

/** Transcripts that differ, each some milliseconds: they are asked first. */
async function transcripts(
  folder: string,
  paths: readonly string[],
  options: HuntOptions,
): Promise<string[]> {
  if (paths.length === 0) return [];
  const ended = await run(folder, ['test/mutants/transcripts.ts', ...paths], options);
  if (ended.code !== 0) throw new Error(`the transcripts did not end (${ended.code}): ${ended.stderr}`);
  return JSON.parse(ended.stdout) as string[];
}

/** A title as vitest looks for it, as far as nothing is filled in. */
const pattern = (name: string): string => name.replace(/[%$].*/, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** What fails, in `folder`, of the tests that are referred to. */
export async function noticedBy(
  folder: string,
  references: readonly Reference[],
  options: HuntOptions,
): Promise<readonly string[]> {
  const scenes = references.filter((r) => r.path.endsWith('.txt')).map((r) => r.path);
  const suites = references.filter((r) => r.path.endsWith('.test.ts'));
  const differing = await transcripts(folder, scenes, options);
  if (differing.length > 0 || suites.length === 0) return differing;
  const titles = suites.flatMap((r) => r.names.map(pattern)).join('|');
  const paths = [...new Set(suites.map((r) => r.path))];
  const { failed } = await resultsOf(folder, paths, options, ['-t', titles]);
  return failed.map((r) => r.fullName);
}
