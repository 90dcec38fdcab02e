/** Resolves when `holds` returns true, for states that send no event. It polls whenever the event loop is idle. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((look) => setTimeout(look, 1));
}
