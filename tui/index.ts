/** Door of the interactive screen. Everything heavy (Ink, React) is loaded behind the first paint. */
export { sketchEarly } from './first-sketch.ts';
export type { Fleet, OpenTop, RunTop, ThemeName, TopClient, TopIo, TopOptions } from './options.ts';
export { themeNamed } from './own-files.ts';
export { runTop } from './start.ts';
