/**
 * Whether statements surely only read, so that they may be sent twice. Careful rather
 * than clever: what is not obviously a read counts as a write.
 */
const READS = /^(select|values|explain)\b/i;
const LEADING = /^(\s+|--[^\n]*(\n|$)|\/\*[\s\S]*?\*\/)+/;

export function isReadOnly(statements: readonly { readonly sql: string }[]): boolean {
  return statements.every(({ sql }) => {
    const text = sql.replace(LEADING, '').trimEnd().replace(/;$/, '');
    return READS.test(text) && !text.includes(';');
  });
}
