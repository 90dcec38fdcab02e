export type Color = 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | 'bold';

const codes: Record<Color, readonly [on: number, off: number]> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
};

/** Colours `text`, or returns it unchanged. */
export type Paint = (color: Color, text: string) => string;

export function painter(isColored: boolean): Paint {
  if (!isColored) return (_, text) => text;
  return (color, text) => `\u001b[${codes[color][0]}m${text}\u001b[${codes[color][1]}m`;
}

/**
 * Whether to colour output to a stream: NO_COLOR (https://no-color.org) forbids it, FORCE_COLOR requires it, a dumb
 * terminal cannot show colours, any other terminal can.
 */
export function wantsColor(environment: Readonly<Record<string, string | undefined>>, isTerminal: boolean): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = environment;
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTerminal && TERM !== 'dumb';
}
