/** The Go type that decoded JSON has in the API server, which some messages show. */
export function goJsonTypeName(data: unknown): string {
  if (data === null || data === undefined) return "<nil>";
  if (Array.isArray(data)) return "[]interface {}";
  switch (typeof data) {
    case "number":
      return Number.isInteger(data) ? "int64" : "float64";
    case "bigint":
      return "int64";
    case "boolean":
      return "bool";
    case "string":
      return "string";
  }
  return "map[string]interface {}";
}
