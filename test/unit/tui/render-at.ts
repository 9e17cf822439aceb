/** Renders the app once on a stand-in terminal of a given size and gives its last frame as text. */
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { render } from 'ink';
import { createElement } from 'react';
import { App } from '../../../tui/app.tsx';
import type { Feed } from '../../../tui/feed/feed.ts';
import type { Model } from '../../../tui/model/model.ts';
import { Session } from '../../../tui/session.ts';
import { chooseLook } from '../../../tui/theme/look.ts';
import { missingFeed } from './feed-kit.ts';

export async function renderAt(
  columns: number,
  rows: number,
  model: Model,
  feed: Feed = missingFeed(),
): Promise<string> {
  const frames: string[] = [];
  const stdout = Object.assign(new PassThrough(), { columns, rows, isTTY: true });
  stdout.write = ((chunk: unknown, ...rest: unknown[]) => {
    frames.push(String(chunk));
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  }) as typeof stdout.write;
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: () => stdin,
    ref: () => stdin,
    unref: () => stdin,
  });
  const session = new Session(feed, model);
  const instance = render(createElement(App, { session, look: chooseLook({}, {}) }), {
    stdout: stdout as unknown as NodeJS.WriteStream,
    stdin: stdin as unknown as NodeJS.ReadStream,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
    interactive: true,
  });
  await instance.waitUntilRenderFlush();
  const frame = frames.map(stripVTControlCharacters).findLast((text) => text.trim() !== '') ?? '';
  session.stop();
  instance.unmount();
  return frame.replace(/\n$/, '');
}
