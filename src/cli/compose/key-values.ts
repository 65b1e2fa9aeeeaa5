/** `NAME=value` and `NAME`, which takes its value from the variables, or has none. */
export function keyValues(
  entries: readonly string[],
  variables: ReadonlyMap<string, string | undefined>,
): Record<string, string | null> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf("=");
      return at < 0 ? [entry, variables.get(entry) ?? null] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}
