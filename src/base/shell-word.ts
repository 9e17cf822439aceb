/** `text` as one word of a POSIX shell, which reads nothing into it: no `$(…)`, no backquote, no glob. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
