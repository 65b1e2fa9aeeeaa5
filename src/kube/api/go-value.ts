import { Buffer } from "node:buffer";
import { parseQuantity } from "../../formats/index.ts";
import { GoLiteral } from "./field-error.ts";

/** A field of a Go struct that is a pointer: `%#v` prints where it points, which differs from process to process. */
export function goPointer(type: string, value: unknown): GoLiteral {
  return new GoLiteral(value === undefined ? `(*${type})(nil)` : `(*${type})(0xc000000000)`);
}

/** A struct as `%#v` prints it: `rbac.RoleRef{APIGroup:"", Kind:"Role", Name:"r"}`. */
export function goStruct(
  type: string,
  fields: Record<string, string | number | boolean | GoLiteral>,
): GoLiteral {
  const list = Object.entries(fields).map(([name, value]) => {
    const text = value instanceof GoLiteral ? value.text : JSON.stringify(value);
    return `${name}:${text}`;
  });
  return new GoLiteral(`${type}{${list.join(", ")}}`);
}

const SCALES: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** A `resource.Quantity` in canonical form (`200m`, `1Gi`, `1e3`). */
export function goQuantity(text: string): GoLiteral {
  const [, digits = "0", suffix = ""] = /^(-?\d+)(.*)$/.exec(text) ?? [];
  const exponent = /^e(-?\d+)$/.exec(suffix)?.[1];
  const { nanos, format } = parseQuantity(text);
  const scale = exponent === undefined ? SCALES[suffix] : Number(exponent);
  const value = scale === undefined ? String(nanos / 1_000_000_000n) : digits;
  return goStruct("resource.Quantity", {
    i: goStruct("resource.int64Amount", { value: new GoLiteral(value), scale: scale ?? 0 }),
    d: new GoLiteral("resource.infDecAmount{Dec:(*inf.Dec)(nil)}"),
    s: text,
    Format: format,
  });
}

/** A `runtime.RawExtension`: the bytes of its JSON as the client wrote them, as far as they are known. */
export function goRawExtension(value: unknown): GoLiteral {
  const raw = value === null || value === undefined ? undefined : Buffer.from(JSON.stringify(value));
  const bytes =
    raw === undefined
      ? "[]uint8(nil)"
      : `[]uint8{${[...raw].map((byte) => `0x${byte.toString(16)}`).join(", ")}}`;
  return new GoLiteral(`runtime.RawExtension{Raw:${bytes}, Object:runtime.Object(nil)}`);
}
