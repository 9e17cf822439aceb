/**
 * The root: head, panes in bands, footer, and an overlay above them; exactly as many
 * rows and columns as the terminal has.
 */
import { Box, useApp, useWindowSize } from 'ink';
import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { tableRows } from './layout.ts';
import { type Screen, screenOf } from './lines/screen.ts';
import { Rows } from './parts/rows.tsx';
import type { Session } from './session.ts';
import type { Look } from './theme/look.ts';
import { useKeys } from './use-keys.ts';

interface AppProps {
  readonly session: Session;
  readonly look: Look;
}

/** Stops the whole job, as the terminal driver would; it goes on when the shell says `fg`. */
async function stopJob(): Promise<void> {
  process.kill(0, 'SIGTSTP');
  // no timer runs while the job is stopped: this one fires after `fg`, or at once where
  // stopping is impossible
  await new Promise((resolve) => setTimeout(resolve, 50));
}

/** What `session` asks of the terminal's owner. */
function useTerminal(session: Session): void {
  const { exit, suspendTerminal } = useApp();
  useEffect(() => {
    session.onTerminal((effect) => {
      if (effect.kind === 'quit') exit(0);
      else if (effect.kind === 'suspend') void suspendTerminal(stopJob);
      else void suspendTerminal(() => undefined);
    });
  }, [session, exit, suspendTerminal]);
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

export function App({ session, look }: AppProps) {
  const subscribe = useCallback((listener: () => void) => session.subscribe(listener), [session]);
  const model = useSyncExternalStore(subscribe, () => session.model);
  const { columns, rows } = useWindowSize();
  useKeys(session);
  useTerminal(session);
  const screen = screenOf({ model, symbols: look.symbols }, columns, rows);
  const pageRows = tableRows(screen.layout);
  useEffect(() => session.dispatch({ type: 'page-rows', rows: pageRows }), [session, pageRows]);
  const veil = screen.overlay === null ? undefined : 'muted';
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <Rows rows={screen.head} look={look} width={columns} veil={veil} />
      {screen.bands.map((band) => (
        <Box key={band.panes.map((p) => p.pane).join()} height={band.height} flexShrink={0} overflow="hidden">
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
