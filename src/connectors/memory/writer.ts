import { errorData } from '../../core/errors.ts';
import { Ledger } from '../../ledger/ledger.ts';
import { MemoryTables } from '../../ledger/memory-tables.ts';
import { BadRow, Unreachable, type Batch, type SinkContext, type SinkWriter } from '../../sinks/port.ts';

/** The store of a memory sink, shared by all of its writers. */
export interface Place<Row> {
  readonly rows: Row[];
  /** The ledger's tables, by the id that the sink is opened with. */
  readonly tables: Map<string, MemoryTables>;
  /** The latest transaction: the next one waits for it. */
  last: Promise<unknown>;
}

export async function openWriter<Row>(place: Place<Row>, context: SinkContext): Promise<SinkWriter<Row, Row>> {
  const { rows } = place;
  const tables = place.tables.get(context.sink) ?? new MemoryTables();
  place.tables.set(context.sink, tables);
  const transact = <T>(work: () => Promise<T>): Promise<T> => {
    const result = place.last.then(work);
    place.last = result.catch(() => undefined);
    return result;
  };
  let isClosed = false;
  /** Rolls back what is prepared. */
  let rollBack = (): void => undefined;
  const ledger = await transact(() => Ledger.register(tables, context));
  const inTransaction = <T>(work: () => Promise<T>): Promise<T> =>
    transact(async () => {
      await ledger.checkSelf();
      return await work();
    });
  return {
    capture(row, captured) {
      try {
        captured.push(structuredClone(row));
      } catch (error) {
        throw new BadRow(`memory: the row cannot be copied: ${errorData(error).message}`, { cause: error });
      }
    },
    commit: ({ captured, items }: Batch<Row>) =>
      inTransaction(async () => {
        await ledger.record(items);
        for (const row of captured) rows.push(row);
      }),
    prepare: ({ captured, items }: Batch<Row>) =>
      new Promise((prepared, failed) => {
        const work = async (): Promise<void> => {
          const restore = tables.remember();
          await ledger.record(items);
          const decision = new Promise<boolean>((decide) => {
            const decided = (commit: boolean) => async (): Promise<void> => {
              decide(commit);
              await place.last;
              if (commit && !(await decision)) throw new Unreachable('memory: the sink was closed');
            };
            rollBack = () => decide(false);
            if (isClosed) rollBack();
            prepared({ commit: decided(true), rollback: decided(false) });
          });
          if (await decision) for (const row of captured) rows.push(row);
          else restore();
        };
        inTransaction(work).catch(failed);
      }),
    fence: (writers) => inTransaction(() => ledger.fence(writers)),
    ask: (from, to) => ledger.ask(from, to),
    prune: (request) => inTransaction(() => ledger.prune(request)),
    close() {
      isClosed = true;
      rollBack();
      return Promise.resolve();
    },
  };
}
