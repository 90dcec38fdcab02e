// oxlint-disable-next-line no-control-regex
const colorCode = /\u001b\[[\d;]*m/g;
const mark = /^\p{M}$/u;
const wide =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6])$/u;

/**
 * The number of terminal columns that `text` takes; colour codes take none. An estimate: terminals differ for rare
 * characters.
 */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text.replace(colorCode, '')) columns += columnsOfCharacter(character);
  return columns;
}

/** `text`, which has no colour codes, truncated to at most `columns`, with … where it was cut. */
export function cutToColumns(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let result = '';
  let used = 1;
  for (const character of text) {
    used += columnsOfCharacter(character);
    if (used > columns) break;
    result += character;
  }
  return columns <= 0 ? '' : `${result}…`;
}

function columnsOfCharacter(character: string): number {
  if (character <= '\u02ff' || mark.test(character)) return character <= '\u02ff' ? 1 : 0;
  return wide.test(character) ? 2 : 1;
}
