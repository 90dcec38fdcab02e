/** Calls `onError` when standard output fails, instead of ending the process. Returns a function that ends that. */
export function onOutputError(onError: (error: Error) => void): () => void {
  process.stdout.on('error', onError);
  return () => void process.stdout.off('error', onError);
}
