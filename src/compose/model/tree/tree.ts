/** What a Compose file is before it has types: the values of YAML. Maps have no prototype, so that any key may stand in them. */
export type Tree = string | number | boolean | null | Tree[] | TreeMap;

export interface TreeMap {
  [key: string]: Tree;
}

export function newMap(entries: Iterable<readonly [string, Tree]> = []): TreeMap {
  const map = Object.create(null) as TreeMap;
  for (const [key, value] of entries) map[key] = value;
  return map;
}

export function isMap(value: unknown): value is TreeMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function copyTree<T extends Tree>(value: T): T {
  if (Array.isArray(value)) return value.map(copyTree) as T;
  if (isMap(value)) return newMap(Object.entries(value).map(([key, one]) => [key, copyTree(one)])) as T;
  return value;
}

/** The names that messages of compose use for what it finds in a place: those of Go. */
export function typeName(value: Tree | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "object") return "map[string]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float64";
  return typeof value === "boolean" ? "bool" : "string";
}

/** A scalar as text, as Go's `fmt.Sprint` writes it. */
export function sprint(value: Tree | undefined): string {
  if (value === null || value === undefined) return "<nil>";
  if (typeof value === "number") return goFloat(value);
  if (Array.isArray(value)) return `[${value.map(sprint).join(" ")}]`;
  if (typeof value === "object") {
    const entries = Object.keys(value).sort();
    return `map[${entries.map((key) => `${key}:${sprint(value[key])}`).join(" ")}]`;
  }
  return String(value);
}

/** Go's `%v` of a number: integers whole, fractions with an exponent where it is below -4 or above 20. */
export function goFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  if (Number.isInteger(value)) return String(value);
  const text = String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4) return text;
  const [mantissa = "", power = ""] = value.toExponential().split("e");
  const sign = power.startsWith("-") ? "-" : "+";
  return `${mantissa}e${sign}${power.replace(/^[-+]/, "").padStart(2, "0")}`;
}
