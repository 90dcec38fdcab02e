/** Lets code whose promises are settled continue, without a turn of the event loop. */
export async function microtasks(count = 12): Promise<void> {
  for (let i = 0; i < count; i++) await Promise.resolve();
}
