/** Rows as aligned columns, two spaces apart; columns of figures (with or without a unit) are right-aligned. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const isFigures = header.map((_, column) => rows.every((row) => /^(?:[\d,.]+\/?\w*%?|-|)$/.test(row[column] ?? '')));
  return all.map((row) =>
    row
      .map((cell, column) => (isFigures[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!)))
      .join('  ')
      .trimEnd(),
  );
}
