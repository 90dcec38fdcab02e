/** The claims about the run as a whole: S15, S17, S18, S20, S21. */
import type { Outcome } from '../../../src/supervision/tick/ending.ts';
import type { Status } from '../../../src/observability/status.ts';
import type { Item } from '../world/items.ts';
import type { Facts } from './facts.ts';
import { claim } from './violation.ts';

/** S15: the sentinel is sent only when the source has ended and nothing is open, according to the spool. */
export function s15EndIsCommitted(facts: Facts): void {
  const state = facts.run?.state;
  claim('S15', state === 'finishing' || state === 'finished', () => `the sentinel is sent while the run is ${state}`);
  const [open] = facts.open();
  claim('S15', open === undefined, () => `the sentinel is sent while seq ${open?.seq} is ${open?.state}`);
}

/** S15: a supervisor reports that the run is finished only if the spool has recorded it. */
export function s15FinishedIsCommitted(facts: Facts, { exitCode }: Pick<Outcome, 'exitCode'>): void {
  const isFinished = facts.run?.state === 'finished' && facts.run.exitCode === exitCode;
  claim(
    'S15',
    isFinished,
    () =>
      `the supervisor ended with ${exitCode} as finished; the spool says ${facts.run?.state}, ${facts.run?.exitCode}`,
  );
}

/** S17: a pipeline that does not continue by itself, or not soon, says why. */
export function s17WaitingHasAReason({ processes, reasons }: Pick<Status, 'processes' | 'reasons'>): void {
  const waits = processes.find(({ state }) => state === 'parked' || state === 'backoff');
  claim(
    'S17',
    !waits || reasons.length > 0,
    () => `${waits?.who.role} ${waits?.who.ordinal} is ${waits?.state}, and no reason is given`,
  );
}

/** S18: only the live supervisor commits. */
export function s18TheDeadDoNotCommit(isGone: boolean): void {
  claim('S18', !isGone, () => 'a supervisor that is gone has committed');
}

/**
 * S20: a source hears that items are settled only when all of them are, in the spool. It hears nothing about items that
 * are given back later.
 */
export function s20SettledIsCommitted(facts: Facts, cursor: number): void {
  s20StoredIsCommitted(facts, cursor);
  const givenBack = new Set([...facts.seqs.values()].filter(({ state }) => state === 'given back').map(({ id }) => id));
  for (const { seq, id, state } of facts.open()) {
    claim(
      'S20',
      id >= cursor || givenBack.has(id),
      () => `the source hears that ${cursor} items are settled, and seq ${seq} (item ${id}) is ${state}`,
    );
  }
}

/** S20: a source hears that items are stored only when they are. */
export function s20StoredIsCommitted(facts: Facts, cursor: number): void {
  const stored = new Set(facts.stored);
  for (let id = 0; id < cursor; id++)
    claim('S20', stored.has(id), () => `the source hears of ${cursor} items, and item ${id} is not stored`);
}

/** S20: a source in one process hears everything in order. */
export function s20InOrder(what: string, least: number, cursor: number): void {
  claim('S20', cursor >= least, () => `the source hears that ${cursor} items are ${what} after ${least}`);
}

/** S20: a run is finished only when its source has dealt with everything that it has reported. */
export function s20AllIsDealtWith(dealtWith: number, reported: number): void {
  claim(
    'S20',
    dealtWith >= reported,
    () => `the run is finished, and the source has dealt with ${dealtWith} of ${reported} items`,
  );
}

/** S21: a raw record is decoded as the source handed it over, with the same bytes and the same meta. */
export function s21RecordIsAsItWasRead(id: number | undefined, item: unknown): void {
  claim('S21', id !== undefined, () => 'a record is decoded whose bytes the source never handed over');
  const decoded = (item as Partial<Item>).id;
  claim('S21', decoded === id, () => `the record of item ${id} was decoded into ${decoded ?? String(item)}`);
}
