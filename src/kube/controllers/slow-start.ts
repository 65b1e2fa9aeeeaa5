/**
 * Runs `count` calls in batches of 1, 2, 4, …; a batch with a failure is the last. When every call would fail (a quota,
 * a broken template) that is found out with one call instead of with hundreds. Returns the first failure, if any.
 */
export async function slowStart(count: number, call: (index: number) => Promise<void>): Promise<unknown> {
  for (let done = 0, size = 1; done < count; size *= 2) {
    const batch = Math.min(size, count - done);
    const results = await Promise.allSettled(
      Array.from({ length: batch }, (_, offset) => call(done + offset)),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (failed) return failed.reason;
    done += batch;
  }
  return undefined;
}
