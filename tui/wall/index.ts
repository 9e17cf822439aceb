/** Door of the wallboard. blessed is loaded behind it, when there is a terminal to draw on. */
export type { RunWall, WallCluster } from './wall.ts';
export { runWall } from './wall.ts';
