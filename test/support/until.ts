/** Resolves when `holds` does: for what sends no word. It looks whenever the event loop has nothing else to do. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((look) => setTimeout(look, 1));
}
