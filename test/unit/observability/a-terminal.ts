import { Writable } from 'node:stream';

/** A terminal that does not scroll, with what the progress display needs of one; it keeps what a user would see. */
export class Terminal extends Writable {
  columns = 80;
  rows = 24;
  isCursorShown = true;
  /** Everything that was written, one piece per write. */
  readonly writes: string[] = [];
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  override _write(chunk: Buffer, _: unknown, done: () => void): void {
    const text = chunk.toString();
    if (text !== '') this.writes.push(text);
    // oxlint-disable-next-line no-control-regex
    for (const [, code, character] of text.matchAll(/\u001b\[([?\d]*[A-Za-z])|([\s\S])/gu)) {
      if (code !== undefined) this.#obey(code);
      else this.#put(character!);
    }
    done();
  }

  /** The screen, without the empty lines at the end. */
  get screen(): string[] {
    return this.#lines.join('\n').trimEnd().split('\n');
  }

  #obey(code: string): void {
    if (code === '?25l' || code === '?25h') this.isCursorShown = code === '?25h';
    else if (code.endsWith('A')) this.#row = Math.max(this.#row - Number(code.slice(0, -1)), 0);
    else if (code === 'K') this.#lines[this.#row] = this.#line.slice(0, this.#column);
    else if (code === 'J') this.#lines = [...this.#lines.slice(0, this.#row), this.#line.slice(0, this.#column)];
    else throw new Error(`this terminal does not know ${JSON.stringify(code)}`);
  }

  #put(character: string): void {
    if (character === '\r') {
      this.#column = 0;
    } else if (character === '\n') {
      this.#row++;
      this.#column = 0;
    } else {
      if (this.#column === this.columns) this.#put('\n');
      this.#lines[this.#row] =
        this.#line.padEnd(this.#column).slice(0, this.#column) + character + this.#line.slice(this.#column + 1);
      this.#column++;
    }
    while (this.#lines.length <= this.#row) this.#lines.push('');
  }

  get #line(): string {
    return this.#lines[this.#row] ?? '';
  }
}
