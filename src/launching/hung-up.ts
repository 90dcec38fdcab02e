import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';

const standardFds = [0, 1, 2];

/**
 * Handles a terminal that is closed while this process uses it. Call the returned function when that may have happened, and
 * at the end: Node restores a terminal's modes when it exits, and aborts if the terminal is gone. The terminal's
 * descriptors then become `/dev/null`, so that writes to them no longer fail.
 */
export function watchTerminal(): () => void {
  const terminals = new Set(standardFds.filter((fd) => isatty(fd)));
  return () => {
    for (const fd of terminals) {
      if (isatty(fd)) continue;
      terminals.delete(fd);
      closeSync(fd);
      // `open` takes the lowest free descriptor, which is this one, because all below it are open.
      openSync('/dev/null', 'r+');
    }
  };
}
