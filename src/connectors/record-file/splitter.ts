/** Finds where records end, in bytes, whatever the encoding is. */
export interface RecordSplitter {
  /** How many bytes a line end has. */
  readonly lineEndBytes: number;
  /**
   * Appends to `ends` where records end in `bytes`, from `from` on, where a record begins. Blank lines that follow a
   * record belong to it. Stops where more of the file is needed to decide, unless `isLast`.
   *
   * The `bytes` of the next call must begin with everything that was not decided, and `from` must be its start.
   */
  split(bytes: Buffer, from: number, isLast: boolean, ends: number[]): Split;
  /** Where the first record at or after `from` begins: blank lines are skipped. */
  skipBlank(bytes: Buffer, from: number): number;
  /** Where the line that begins at `from` ends, including its line end. -1 if `bytes` do not contain its end. */
  lineEndAfter(bytes: Buffer, from: number): number;
}

/** How far a splitter got. */
export interface Split {
  /** Where the first record without an end in `ends` begins. */
  readonly rest: number;
  /** The first line of that record is longer than a record may be. The record ends at its first line end. */
  readonly isTooLong: boolean;
}
