/** Tests that need more than a plain machine say why they don't run; they never vanish silently. */

/** The reason of what only Linux has; null there. */
export function notLinux(): string | null {
  return process.platform === 'linux' ? null : 'only on Linux';
}

/** True when there is a reason to skip; then a line on stderr says which. */
export function skipVisibly(what: string, reason: string | null): boolean {
  if (reason !== null) process.stderr.write(`skipped: ${what}: ${reason}\n`);
  return reason !== null;
}
