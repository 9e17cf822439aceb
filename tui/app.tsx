/**
 * The root: head, panes in bands, footer, and an overlay above them; exactly as many
 * rows and columns as the terminal has.
 */
import { Box, useApp, useWindowSize } from 'ink';
import { useCallback, useEffect, useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import { must } from '../src/base/index.ts';
import { tableRows } from './layout.ts';
import { drawn } from './lines/drawn.ts';
import type { Screen } from './lines/screen.ts';
import { viewSpec } from './model/views.ts';
import type { Outside } from './out/outside.ts';
import { Rows } from './parts/rows.tsx';
import type { EditEffect, Session, TerminalEffect } from './session.ts';
import type { Stage } from './stage.ts';
import type { Look } from './theme/look.ts';
import { useKeys } from './use-keys.ts';

/** What the screen may do outside of itself. */
export interface Ways {
  readonly go: (context: string) => void;
  readonly outside: Outside;
  /** What stands on the screen now. */
  readonly drawn: (screen: Screen) => void;
  /** Whether reports of the mouse may come, where they are wanted; never while another has the terminal. */
  readonly hear: (isOn: boolean) => void;
}

interface AppProps {
  readonly session: Session;
  readonly look: Look;
  /** Null in tests that draw only. */
  readonly ways?: Ways | null;
}

/** Stops the whole job, as the terminal driver would; it goes on when the shell says `fg`. */
async function stopJob(): Promise<void> {
  process.kill(0, 'SIGTSTP');
  // no timer runs while the job is stopped: this one fires after `fg`, or at once where
  // stopping is impossible
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** Copies, saves, goes: whatever came of it is a sentence on the screen. */
function takeWay(effect: TerminalEffect, ways: Ways, session: Session, screen: () => Screen): void {
  const tell = (text: string, level: 'info' | 'warning' = 'info'): void =>
    session.dispatch({ type: 'told', text, level });
  try {
    if (effect.kind === 'context') ways.go(effect.name);
    else if (effect.kind === 'copy') tell(ways.outside.copy(effect.what, effect.text));
    else if (effect.kind === 'save') {
      const { view, now } = session.model;
      const name = `${view}-${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '')}`;
      tell(ways.outside.save(screen(), name, `sqlcc top: ${viewSpec(view).title}`));
    }
  } catch (error) {
    tell(`not written: ${error instanceof Error ? error.message : error}`, 'warning');
  }
}

/** The document as a file, and in the person's pager while that runs. */
async function viewJson(
  effect: Extract<TerminalEffect, { kind: 'json' }>,
  { outside }: Ways,
  session: Session,
  suspend: (work: () => void) => Promise<void>,
): Promise<void> {
  try {
    const path = outside.json(effect.name, effect.text);
    let said = `JSON is in ${path}`;
    if (outside.pager !== null) {
      await suspend(() => {
        said = outside.page(path);
      });
    }
    session.dispatch({ type: 'told', text: said, level: 'info' });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    session.dispatch({ type: 'told', text: `not written: ${why}`, level: 'warning' });
  }
}

/** The configuration in the person's editor while that runs; what came of it goes back into the dialog. */
async function edit(
  { dialogId, version, source }: EditEffect,
  { outside }: Ways,
  session: Session,
  suspend: (work: () => void) => Promise<void>,
): Promise<void> {
  const tell = (path: string | null, words = ''): void =>
    session.dispatch({ type: 'edited', dialogId, path, version, words });
  try {
    const path = outside.toEdit(version, source);
    let isWritten = false;
    await suspend(() => {
      isWritten = outside.edit(path);
    });
    // a text that goes onto another version is checked against that one as it is
    if (isWritten || ('newest' in source && source.newest !== undefined)) return tell(path);
    if ('text' in source) outside.forget(path);
    tell(null, 'it was left as it is: nothing to check');
  } catch (error) {
    tell(null, error instanceof Error ? error.message : String(error));
  }
}

/** What `session` asks of the terminal's owner. */
function useTerminal(session: Session, ways: Ways | null, screen: () => Screen): void {
  const { exit, suspendTerminal } = useApp();
  useEffect(() => {
    let free: Promise<void> | null = null;
    /** The terminal is somebody else's while `work` runs, one after the other. */
    const lend = (work: () => void | Promise<void>): Promise<void> => {
      const lent = (free ?? Promise.resolve()).then(() =>
        suspendTerminal(async () => {
          ways?.hear(false);
          try {
            await work();
          } finally {
            ways?.hear(true);
          }
        }),
      );
      const over = lent
        .catch(() => undefined)
        .finally(() => {
          if (free === over) free = null;
        });
      free = over;
      return lent;
    };
    const repaint = (): void => void lend(() => undefined);
    // who was stopped without being asked finds another picture and other settings of the terminal
    const goOn = (): void => {
      // the size may have changed while the shell had the terminal, which heard of it alone
      process.kill(process.pid, 'SIGWINCH');
      if (free === null) repaint();
    };
    process.on('SIGCONT', goOn);
    session.onTerminal((effect) => {
      if (effect.kind === 'quit') exit(0);
      else if (effect.kind === 'suspend') void lend(stopJob);
      else if (effect.kind === 'repaint') repaint();
      else if (effect.kind === 'edit' && ways !== null) void edit(effect, ways, session, lend);
      else if (effect.kind === 'json' && ways !== null) void viewJson(effect, ways, session, lend);
      else if (ways !== null) takeWay(effect, ways, session, screen);
    });
    return () => void process.off('SIGCONT', goOn);
  }, [session, ways, screen, exit, suspendTerminal]);
}

function Overlay({ screen, look }: { readonly screen: Screen; readonly look: Look }) {
  const { overlay } = screen;
  if (overlay === null) return null;
  return (
    <Box position="absolute" top={overlay.top} left={overlay.left}>
      <Rows rows={overlay.rows} look={look} width={overlay.width} veil={undefined} />
    </Box>
  );
}

interface StageProps {
  readonly stage: Stage;
  readonly look: Look;
  readonly ways: Ways;
}

/** Whichever session is on. */
export function OnStage({ stage, look, ways }: StageProps) {
  const session = useSyncExternalStore(stage.subscribe, () => stage.session);
  // signals unmount too, and end the process right behind it
  useLayoutEffect(() => () => ways.hear(false), [ways]);
  return <App session={session} look={look} ways={ways} />;
}

export function App({ session, look, ways = null }: AppProps) {
  const subscribe = useCallback((listener: () => void) => session.subscribe(listener), [session]);
  const model = useSyncExternalStore(subscribe, () => session.model);
  const { columns, rows } = useWindowSize();
  useKeys(session);
  const last = useRef<Screen | null>(null);
  const screen = drawn({ model, symbols: look.symbols }, columns, rows, last.current);
  last.current = screen;
  useLayoutEffect(() => {
    // nobody confirms what he can't see
    if (screen.isUndrawn === true) session.dispatch({ type: 'undrawn' });
  }, [session, screen]);
  ways?.drawn(screen);
  useTerminal(
    session,
    ways,
    // the same one for all pictures: who lends the terminal remembers whether it is lent
    useCallback(() => must(last.current, 'a picture'), []),
  );
  const pageRows = tableRows(screen.layout);
  const { mostShift, mostScroll } = screen;
  useEffect(
    () => session.dispatch({ type: 'page-rows', rows: pageRows, shift: mostShift, scroll: mostScroll }),
    [session, pageRows, mostShift, mostScroll],
  );
  const veil = screen.overlay?.veils === true ? 'muted' : undefined;
  return (
    <Box flexDirection="column" width={columns} height={rows}>
      <Rows rows={screen.head} look={look} width={columns} veil={veil} />
      {screen.bands.map((band) => (
        <Box key={band.panes.map((p) => p.pane).join()} height={band.height} flexShrink={0}>
          {band.panes.map((pane) => (
            <Rows key={pane.pane} rows={pane.rows} look={look} width={pane.width} veil={veil} />
          ))}
        </Box>
      ))}
      <Box flexGrow={1} />
      <Rows rows={[screen.foot]} look={look} width={columns} veil={undefined} />
      <Overlay screen={screen} look={look} />
    </Box>
  );
}
