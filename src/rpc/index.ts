export type { Answer, Call, Handler, Handlers } from './call.ts';
export type { Frame } from './frame.ts';
export { encodeFrames, FrameReader, writeFrame } from './frame.ts';
