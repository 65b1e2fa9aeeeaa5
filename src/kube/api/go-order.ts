import { compareUtf8 } from "../../formats/index.ts";
import { GO_ORDERS } from "./go-order-table.ts";
import { escapedHtml, goJson } from "./go-print.ts";
import { findModel, type ModelField } from "./models.ts";
import { fullPackage, messageByKey } from "./protobuf/message-table.ts";

let tableOrders: ReadonlyMap<string, readonly string[]> | undefined;
const orders = new Map<string, ReadonlyMap<string, number> | undefined>();

/** `io.k8s.kube-aggregator.pkg…` is `k8s.io.kube_aggregator.pkg…` in protobuf. */
const messageKey = (definition: string) => definition.replace(/^io\.k8s/, "k8s.io").replaceAll("-", "_");

/** The places of a definition's members in Go's struct; nothing where it has no members, or is not known. */
function goOrder(definition: string): ReadonlyMap<string, number> | undefined {
  if (!orders.has(definition)) {
    const names = membersOf(messageKey(definition));
    // metav1.TypeMeta stands before all else.
    const order = names && new Map(["kind", "apiVersion", ...names].map((name, place) => [name, place]));
    orders.set(definition, order);
  }
  return orders.get(definition);
}

function membersOf(key: string): readonly string[] | undefined {
  tableOrders ??= readOrders();
  const message = messageByKey(key);
  return (
    tableOrders.get(key) ??
    message?.fields.flatMap(({ name, inline, message: of }) => (inline ? (membersOf(of) ?? []) : [name]))
  );
}

function readOrders(): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  let pkg = "";
  for (const line of GO_ORDERS.trimEnd().split("\n")) {
    const [first = "", ...names] = line.split(" ");
    if (first === "#") pkg = fullPackage(names[0]!);
    else if (names[0]!.startsWith("="))
      found.set(`${pkg}.${first}`, found.get(`${pkg}.${names[0]!.slice(1)}`)!);
    else found.set(`${pkg}.${first}`, names);
  }
  return found;
}

/** A value of a definition (of a field: where it has one) as Go's encoder writes it: the members in the order of the struct. */
export function goOrderedJson(value: unknown, of: string | ModelField | undefined): string {
  if (of === undefined) return goJson(value);
  if (typeof of === "string") return isObject(value) ? objectText(value, of) : goJson(value);
  if (of.isList && Array.isArray(value)) return `[${value.map((one) => itemText(one, of)).join(",")}]`;
  if (of.isMap && isObject(value)) return goObjectText(value, (one) => itemText(one, of));
  return itemText(value, of);
}

function itemText(value: unknown, { code, definition }: ModelField): string {
  // These keep the text that was sent.
  if (code === "r" || code === "f") return escapedHtml(JSON.stringify(value));
  return code === "m" && isObject(value) ? objectText(value, definition) : goJson(value);
}

function objectText(value: Record<string, unknown>, definition: string): string {
  const order = goOrder(definition);
  const fields = findModel(definition)?.fields;
  if (order === undefined || fields === undefined) return goJson(value);
  const place = (name: string) => order.get(name) ?? order.size;
  const names = Object.keys(value).sort((a, b) => place(a) - place(b));
  const members = names.map((name) => `${goJson(name)}:${goOrderedJson(value[name], fields.get(name))}`);
  return `{${members.join(",")}}`;
}

/** Of a map: the keys in order. */
export function goObjectText(
  value: Record<string, unknown>,
  text: (member: unknown, key: string) => string,
): string {
  const keys = Object.keys(value).sort(compareUtf8);
  return `{${keys.map((key) => `${goJson(key)}:${text(value[key], key)}`).join(",")}}`;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
