import { FrameDecoder } from '../frame/codec.ts';
import type { UnreadResults } from '../supervision/roles/unread-results.ts';
import type { ResultSource } from './results.ts';

/**
 * Unread results, in the form in which the program's loop reads them. Each row is decoded when the loop asks for it.
 */
export function sourceOf(results: UnreadResults): ResultSource {
  const decoder = new FrameDecoder();
  return {
    listen: (listener) => results.listen(listener),
    take() {
      const item = results.take();
      if (!item) return undefined;
      const { seq, rows } = item;
      return {
        *rows() {
          for (const { frame, index } of rows) yield decoder.decode(frame, index);
        },
        settle: () => results.read(seq),
        putBack: () => results.putBack(seq),
      };
    },
  };
}
