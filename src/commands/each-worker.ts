/** One act on several workers, in turn; the first that cannot be done ends it. */

export async function eachWorker(
  workers: readonly string[],
  act: (worker: string) => void | Promise<void>,
): Promise<{ workers: string[] }> {
  const done = [...new Set(workers)];
  for (const worker of done) await act(worker);
  return { workers: done };
}

/** `concurrent_worker1, concurrent_worker2: ended.` */
export function namesLine(workers: readonly string[], what: string): string {
  return `${workers.join(", ")}: ${what}.`;
}
