/**
 * Finds where records end. A splitter looks at text in which each character stands for one byte (Latin-1), so positions
 * are positions of bytes, whatever the encoding is.
 */
export interface RecordSplitter {
  /** How many bytes a line end has. */
  readonly lineEndBytes: number;
  /**
   * Appends to `ends` where records end in `text`, from `from` on, which is where a record begins; blank lines that follow a
   * record belong to it. Stops at what can only be decided when more of the file is known, unless `isLast`.
   *
   * `text` of the next call must begin with all that was not decided, and `from` must be there.
   */
  split(text: string, from: number, isLast: boolean, ends: number[]): Split;
  /** Where the first record begins at or after `from`: blank lines are passed over. */
  skipBlank(text: string, from: number): number;
  /** Where the line ends that begins at `from`: behind its line end. -1 if that is not in `text`. */
  lineEndAfter(text: string, from: number): number;
}

/** How far a splitter came. */
export interface Split {
  /** Where the first record begins that has no end in `ends`. */
  readonly rest: number;
  /** That record's first line is longer than a record may be. It ends at its first line end. */
  readonly isTooLong: boolean;
}
