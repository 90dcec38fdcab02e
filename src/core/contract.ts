/** What the contract suites of all ports share: how a case runs, and the parts of a context that do nothing. */
import { systemClock, type Clock } from './clock.ts';

interface Test<Place> {
  name: string;
  test: (place: Place) => Promise<void>;
}

/** Anything that a case is tested in. Closed after the case. */
interface Closable {
  close: () => Promise<void>;
}

interface Case<Subject> {
  readonly name: string;
  readonly run: (create: () => Subject | Promise<Subject>) => Promise<void>;
}

/** The tests as cases. Each gets a place of its own, with a new subject. `prepare` runs before the test, in its place. */
export function casesOf<Subject, Place extends Closable>(
  tests: readonly Test<Place>[],
  { open, prepare }: { open: (subject: Subject) => Place; prepare: (place: Place) => void | Promise<void> },
): Case<Subject>[] {
  return tests.map(({ name, test }) => ({
    name,
    run: async (create) => {
      const place = open(await create());
      try {
        await prepare(place);
        await test(place);
      } finally {
        await place.close();
      }
    },
  }));
}

/** Waits until everything that is ready has run. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => systemClock.soon(resolve));
}

/** A context without params and limits, whose log is dropped. `what`: whose it is, for the error of its `fetch`. */
export function bareContext(what: 'source' | 'processor', { clock, signal }: { clock: Clock; signal: AbortSignal }) {
  const drop = (): void => undefined;
  return {
    clock,
    signal,
    log: { debug: drop, info: drop, warn: drop, error: drop },
    params: {},
    resolve: String,
    fetch: () => Promise.reject(new Error(`the ${what} calls \`fetch\`: give the cases one in \`context\``)),
    limit: async <T>(_name: string, task: () => T | PromiseLike<T>): Promise<T> => await task(),
  };
}
