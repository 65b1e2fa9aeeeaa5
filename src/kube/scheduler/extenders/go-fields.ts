/** A member as Go's decoder finds it: by its name, else in whatever letters (encoding/json). */
export function member(object: unknown, name: string): unknown {
  if (typeof object !== "object" || object === null) return undefined;
  if (Object.hasOwn(object, name)) return (object as Record<string, unknown>)[name];
  const lower = name.toLowerCase();
  return Object.entries(object).find(([key]) => key.toLowerCase() === lower)?.[1];
}

export const textMember = (object: unknown, name: string): string => {
  const value = member(object, name);
  return typeof value === "string" ? value : "";
};

export const numberMember = (object: unknown, name: string): number => {
  const value = member(object, name);
  return typeof value === "number" && Number.isFinite(value) ? value : 0;
};

export function listMember(object: unknown, name: string): readonly unknown[] | undefined {
  const value = member(object, name);
  return Array.isArray(value) ? value : undefined;
}

/** The members of a map, without those that are null. */
export function mapMember(object: unknown, name: string): [key: string, value: unknown][] {
  const value = member(object, name);
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}
