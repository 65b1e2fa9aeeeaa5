/**
 * Netlink sockets and nftables contexts belong to the network namespace in which they were opened. Each kind is opened
 * once per visit to a namespace and closed when it is left; the host's own stay open.
 */
interface Held {
  value: unknown;
  close: () => void;
}

let scope = new Map<symbol, Held>();

/** Runs `fn` with a fresh scope; whoever switches the network namespace calls it. */
export function withNamespaceScope<T>(fn: () => T): T {
  const outer = scope;
  scope = new Map();
  try {
    return fn();
  } finally {
    for (const held of scope.values()) held.close();
    scope = outer;
  }
}

/** The current namespace's instance of `kind`, opened when there is none. */
export function scoped<T>(kind: symbol, open: () => T, close: (value: T) => void): T {
  const held = scope.get(kind);
  if (held) return held.value as T;
  const value = open();
  scope.set(kind, { value, close: () => close(value) });
  return value;
}

/** Drops the current namespace's instance, so that the next use opens a fresh one. */
export function dropScoped(kind: symbol): void {
  scope.get(kind)?.close();
  scope.delete(kind);
}
