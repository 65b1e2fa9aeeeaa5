/** `NAME=value`, and a bare `NAME` for what has no value, in the order of names. */
export function environmentList(environment: Readonly<Record<string, string | null>> = {}): string[] {
  return Object.keys(environment)
    .sort()
    .map((name) => (environment[name] === null ? name : `${name}=${environment[name]}`));
}
