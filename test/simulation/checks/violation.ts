export type Claim =
  | 'S1'
  | 'S2'
  | 'S3'
  | 'S4'
  | 'S5'
  | 'S6'
  | 'S7'
  | 'S8'
  | 'S9'
  | 'S10'
  | 'S11'
  | 'S12'
  | 'S13'
  | 'S14'
  | 'S15'
  | 'S16'
  | 'S17'
  | 'S18'
  | 'S19'
  | 'S20'
  | 'S21'
  | 'S22';

/** Something happened that must never happen. */
export class Violation extends Error {
  readonly claim: Claim;

  constructor(name: Claim, message: string) {
    super(`${name}: ${message}`);
    this.claim = name;
  }
}

export function claim(name: Claim, holds: boolean, message: () => string): void {
  if (!holds) throw new Violation(name, message());
}
