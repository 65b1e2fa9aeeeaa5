import { describe, expect, it } from "vitest";
import { goOrderedJson } from "./go-order.ts";

const core = (kind: string) => `io.k8s.api.core.v1.${kind}`;
const META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

describe("an object as Go's encoder writes it", () => {
  it.each([
    [core("Namespace"), '{"kind":"Namespace","apiVersion":"v1","metadata":{},"spec":{},"status":{}}'],
    // Where the struct's order is not that of protobuf's numbers.
    [core("Secret"), '{"metadata":{},"data":{},"stringData":{},"type":"t"}'],
    [core("PodSpec"), '{"containers":[{"name":"n","image":"i","resources":{}}],"schedulerName":"s"}'],
    // An embedded struct's members stand among the others.
    [core("EphemeralContainer"), '{"name":"n","tty":true,"targetContainerName":"t"}'],
    [core("Volume"), '{"name":"v","projected":{"sources":[],"defaultMode":420}}'],
    // The keys of a map are in order.
    [META, '{"name":"n","uid":"u","labels":{"a":"1","b":"\\u003c"}}'],
  ])("%s", (definition, text) => {
    expect(goOrderedJson(backwards(JSON.parse(text)), definition)).toBe(text);
  });
});

function backwards(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(backwards);
  const members = Object.entries(value).reverse();
  return Object.fromEntries(members.map(([name, one]) => [name, backwards(one)]));
}
