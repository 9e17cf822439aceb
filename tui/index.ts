/** Door of the interactive screen. Everything heavy (Ink, React) is loaded behind the first paint. */
export type { Fleet, RunTop, ThemeName, TopClient, TopIo, TopOptions } from './options.ts';
export { loadTheme } from './settings.ts';
export { runTop } from './start.ts';
