/** Door of the interactive screen. Everything heavy (Ink, React) is loaded behind the first paint. */
export type { RunTop, ThemeName, TopClient, TopIo, TopOptions } from './options.ts';
export { loadTheme } from './settings.ts';
export { runTop } from './start.ts';
