/*
 * Finds where text stops being JSON. The message of JSON.parse differs between versions of Node, and often lacks the
 * position.
 */

/** The first place at which `text` is not JSON, and what was expected there; undefined if it is JSON. */
export function jsonProblem(text: string): { at: number; expected: string } | undefined {
  const scanner = new Scanner(text);
  try {
    scanner.space();
    scanner.value();
    scanner.space();
    if (scanner.at < text.length) scanner.fail('the end of the line');
    return undefined;
  } catch (problem) {
    if (problem instanceof Problem) return { at: problem.at, expected: problem.expected };
    throw problem;
  }
}

class Problem extends Error {
  readonly at: number;
  readonly expected: string;
  constructor(at: number, expected: string) {
    super(expected);
    this.at = at;
    this.expected = expected;
  }
}

class Scanner {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fail(expected: string): never {
    throw new Problem(this.at, expected);
  }

  space(): void {
    this.#match(/[ \t\r\n]*/y);
  }

  /** Nested values are kept in a list and not on the stack, because there may be a hundred thousand of them. */
  value(): void {
    const open: ('{' | '[')[] = [];
    for (;;) {
      const opened = this.#valueOrOpening();
      if (opened !== undefined) {
        open.push(opened);
        this.space();
        if (this.#match(opened === '{' ? /\}/y : /\]/y)) open.pop();
        else {
          if (opened === '{') this.#key();
          continue;
        }
      }
      // A value has ended, so the values around it may end too.
      for (;;) {
        const around = open.at(-1);
        if (around === undefined) return;
        this.space();
        if (this.#match(/,/y)) {
          this.space();
          if (around === '{') this.#key();
          break;
        }
        if (!this.#match(around === '{' ? /\}/y : /\]/y)) this.fail(around === '{' ? '"," or "}"' : '"," or "]"');
        open.pop();
      }
    }
  }

  #key(): void {
    if (this.#text[this.at] !== '"') this.fail('a key in double quotes');
    this.#string();
    this.space();
    if (!this.#match(/:/y)) this.fail('":"');
    this.space();
  }

  #valueOrOpening(): '{' | '[' | undefined {
    if (this.#match(/\{/y)) return '{';
    if (this.#match(/\[/y)) return '[';
    if (this.#text[this.at] === '"') this.#string();
    else if (!this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y)) this.fail('a value');
    return undefined;
  }

  #string(): void {
    this.at++;
    // oxlint-disable-next-line no-control-regex -- JSON allows no control characters in a text
    this.#match(/[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\x00-\x1f]*)*/y);
    if (!this.#match(/"/y)) {
      this.fail(
        this.at >= this.#text.length ? 'the closing quote of a text' : 'a character that JSON allows in a text',
      );
    }
  }

  #match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.#text);
    if (found === null) return false;
    this.at += found[0].length;
    return true;
  }
}
