/** A person's own theme and keys, where there are any: reading YAML costs as much as the first sketch. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { THEMES, type Theme } from './theme/themes.ts';

/** A theme by name: a built-in one, or `themes/NAME.yaml` in `folder`. */
export async function themeNamed(name: string, folder: string): Promise<Theme> {
  if (Object.hasOwn(THEMES, name)) return THEMES[name as keyof typeof THEMES];
  const { loadTheme } = await import('./settings.ts');
  return await loadTheme(name, folder);
}

/** Takes over `keys.yaml` of `folder` for this process. */
export async function takeOwnKeys(folder: string): Promise<void> {
  if (!existsSync(join(folder, 'keys.yaml'))) return;
  const { loadKeys } = await import('./settings.ts');
  await loadKeys(folder);
}
