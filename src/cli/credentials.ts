/**
 * A certificate and its key are two files, and neither is worth anything without the other. So a new pair is
 * written beside the old one first; once `CERT.next` is there the change is decided, and whoever reads the
 * pair next brings it to its end, should the one who began it not have come that far.
 */
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

export interface KeyPairFiles {
  readonly cert: string;
  readonly key: string;
}

const nextOf = (file: string): string => `${file}.next`;

/** Whole or not at all, 0600, on the disk when it returns. */
export function replaceFile(file: string, text: string): void {
  const aside = `${file}.${process.pid}.new`;
  const fd = openSync(aside, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(aside, file);
}

/** Replaces both. */
export function replaceKeyPair(files: KeyPairFiles, pair: { cert: string; key: string }): void {
  rmSync(nextOf(files.cert), { force: true });
  replaceFile(nextOf(files.key), pair.key);
  replaceFile(nextOf(files.cert), pair.cert);
  finishKeyPair(files);
}

/** Brings a change to its end that was decided; one that was not leaves the old pair as it is. */
export function finishKeyPair(files: KeyPairFiles): void {
  if (!existsSync(nextOf(files.cert))) return;
  if (existsSync(nextOf(files.key))) renameSync(nextOf(files.key), files.key);
  renameSync(nextOf(files.cert), files.cert);
}
