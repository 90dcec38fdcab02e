/** The claims about limits: S13. */
import type { LimitRules } from '../../../src/core/limit-rules.ts';
import { claim } from './violation.ts';

/** S13: no more calls at a time than the limit allows, in all live processes together. */
export function s13CallsAtATime(name: string, { concurrency }: LimitRules, calls: number): void {
  claim(
    'S13',
    calls <= (concurrency ?? Infinity),
    () => `${calls} calls at a time under "${name}", which allows ${concurrency}`,
  );
}

/** S13: no more grants in any period than the rate allows, even across restarts. `granted`: the times of the grants. */
export function s13GrantsInAPeriod(name: string, { rate }: LimitRules, granted: readonly number[]): void {
  if (!rate) return;
  const last = granted.at(-1)!;
  const within = granted.filter((at) => at > last - rate.perMs).length;
  claim(
    'S13',
    within <= rate.count,
    () => `${within} calls granted under "${name}" in ${rate.perMs} ms, which allows ${rate.count}`,
  );
}

/** S13: no grant while the limit is frozen. */
export function s13NoGrantInAFreeze(name: string, now: number, frozenUntil: number): void {
  claim(
    'S13',
    now >= frozenUntil,
    () => `a call granted under "${name}", which is frozen for another ${frozenUntil - now} ms`,
  );
}

/** S13: when the run is over, no process holds a permit. */
export function s13NothingIsHeldAtTheEnd(name: string, held: number): void {
  claim('S13', held === 0, () => `${held} permits of "${name}" are held after the run`);
}
