/** Calls back at each SIGINT and SIGTERM; returns what ends that. */
export function onStopSignal(listener: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/** A signal that aborts at the first SIGINT or SIGTERM. */
export function untilStopped(): AbortSignal {
  const abort = new AbortController();
  const off = onStopSignal(() => {
    abort.abort();
    off();
  });
  return abort.signal;
}
