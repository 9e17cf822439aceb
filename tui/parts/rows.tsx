/** Lines on the terminal: one `<Text>` each, painted once for each change of its text. */
import { Box, Text } from 'ink';
import { memo } from 'react';
import type { Row } from '../lines/body.ts';
import type { Look } from '../theme/look.ts';
import { toAscii } from '../theme/symbols.ts';
import { paint } from '../theme/themes.ts';
import type { Token } from '../theme/tokens.ts';

const PaintedRow = memo(function PaintedRow({ text }: { readonly text: string }) {
  return <Text wrap="truncate-end">{text}</Text>;
});

/** A row as terminal text; `veil` dims all of it behind a dialog. */
function paintRow(row: Row, look: Look, veil?: Token): string {
  const { symbols, theme } = look;
  const line = symbols.ascii ? row.line.map((s) => ({ ...s, text: toAscii(s.text) })) : row.line;
  return paint(line, theme, veil ?? row.over);
}

interface RowsProps {
  readonly rows: readonly Row[];
  readonly look: Look;
  readonly width: number;
  readonly veil: Token | undefined;
}

/** A row is its place on the screen: nothing moves, texts change. */
const PLACES: readonly string[] = Array.from({ length: 500 }, (_, at) => `row-${at}`);

export function Rows({ rows, look, width, veil }: RowsProps) {
  return (
    <Box flexDirection="column" width={width} height={rows.length} flexShrink={0}>
      {PLACES.slice(0, rows.length).map((place, at) => (
        <PaintedRow key={place} text={paintRow(rows[at] ?? { line: [] }, look, veil)} />
      ))}
    </Box>
  );
}
