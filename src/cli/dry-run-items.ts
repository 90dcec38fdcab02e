import type { Redaction } from '../core/redaction.ts';
import { textOfRecord } from '../frame/record-text.ts';
import { frameOfItem, RecordFramer } from '../frame/records.ts';
import type { SourceContext } from '../pipeline/context.ts';
import type { Source } from '../pipeline/types.ts';
import { checkedChunk, spansOf } from '../reading/chunk.ts';
import { isSourceSpec, type OpenContext, type SourceSpec } from '../sources/port.ts';
import { ItemReaders, openDecoder } from '../working/item-readers.ts';

/** An item that a source has yielded. */
export interface DryItem {
  /** Decodes it, if need be. Throws what is wrong with it. */
  read: () => unknown;
  /** The text of a raw record, for people. */
  text?: () => string;
}

/** The items of a source, from its start, one by one and in this process. */
export async function* dryItems(
  source: Source<unknown>,
  context: SourceContext & OpenContext,
  redaction: Pick<Redaction, 'isSecret'>,
): AsyncGenerator<DryItem, void, undefined> {
  if (isSourceSpec(source)) return yield* itemsOfSpec(source, context, redaction);
  for await (const item of typeof source === 'function' ? source(context) : source) yield { read: () => item };
}

async function* itemsOfSpec(
  spec: SourceSpec<unknown, string>,
  context: OpenContext,
  redaction: Pick<Redaction, 'isSecret'>,
): AsyncGenerator<DryItem, void, undefined> {
  const decoderOf = await openDecoder(spec, redaction);
  const readers = new ItemReaders({ source: spec, decoderOf, fail: () => undefined });
  const open = await spec.open(context);
  try {
    for await (const value of open.read()) {
      const chunk = checkedChunk(value);
      if ('items' in chunk) {
        for (const item of chunk.items) yield { read: () => item };
        continue;
      }
      for (const { records, from, to } of spansOf(chunk, spec.kind, context.maxItemBytes)) {
        const framer = new RecordFramer();
        framer.add(records, from, to);
        const frame = framer.take();
        const read = readers.reader(frame);
        for (let i = 0; i < frame.count; i++) {
          yield { read: () => read(i, i), text: () => textOfRecord(frameOfItem(frame, i)).text };
        }
      }
    }
  } finally {
    await open.close?.();
  }
}
