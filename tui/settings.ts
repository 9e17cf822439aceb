/** A person's own files beside the context file: themes and keys. Absent files are no settings. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { SqlccError } from '../src/base/index.ts';
import { KEYMAP, takeKeymap } from './keymap.ts';
import { THEMES, type Theme } from './theme/themes.ts';
import { userTheme } from './theme/user-theme.ts';
import { withUserKeys } from './user-keys.ts';

/** The parsed file; undefined where there is none. */
function readYaml(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SqlccError('config_invalid', `${file} can't be read: ${(error as Error).message}`);
  }
  try {
    return parse(text, { maxAliasCount: 16 });
  } catch (error) {
    throw new SqlccError('config_invalid', `${file}: ${(error as Error).message.split('\n')[0]}`);
  }
}

/** A theme by name: a built-in one, or `themes/NAME.yaml` in `folder`. */
export async function loadTheme(name: string, folder: string): Promise<Theme> {
  if (Object.hasOwn(THEMES, name)) return THEMES[name as keyof typeof THEMES];
  const file = join(folder, 'themes', `${name}.yaml`);
  const value = /^[\w.-]+$/.test(name) ? readYaml(file) : undefined;
  if (value !== undefined) return userTheme(value, file);
  throw new SqlccError('invalid_argument', `there is no theme "${name}"`, {
    hint: `one of ${Object.keys(THEMES).join(', ')}, or a file NAME.yaml in ${join(folder, 'themes')}`,
  });
}

/** Takes over `keys.yaml` of `folder` for this process. */
export async function loadKeys(folder: string): Promise<void> {
  const file = join(folder, 'keys.yaml');
  const value = readYaml(file);
  if (value !== undefined) takeKeymap(withUserKeys(KEYMAP, value, file));
}
