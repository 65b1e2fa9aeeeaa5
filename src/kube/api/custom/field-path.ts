/** A field of an object; the path of nothing is that field itself (field.Path Child). */
export const childPath = (path: string, field: string): string => (path === "" ? field : `${path}.${field}`);

/** What stands in a map under a key (field.Path Key). */
export const keyPath = (path: string, key: string): string => `${path}[${key}]`;

/** The path of an error that speaks of the whole object, where upstream has none. */
export const NO_PATH = "<nil>";
