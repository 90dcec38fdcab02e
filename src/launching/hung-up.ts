import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const standardFds = [0, 1, 2];

/**
 * Watches for a terminal that is closed while this process uses it. Call what it returns when that may have happened, and
 * at the end: Node restores a terminal's modes when it exits, and aborts if the terminal is gone. Descriptors that were
 * the terminal are then `/dev/null`, so that writes to them fail no more either.
 */
export function watchTerminal(): () => void {
  const terminals = new Set(standardFds.filter((fd) => isatty(fd)));
  return () => {
    for (const fd of terminals) {
      if (isatty(fd)) continue;
      terminals.delete(fd);
      closeSync(fd);
      // The lowest descriptor that is free: this one, as those below it are open.
      openSync('/dev/null', 'r+');
    }
  };
}
