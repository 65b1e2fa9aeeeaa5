import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { decodeProtobuf, encodeProtobuf } from "./envelope.ts";

/** Reference objects beside the repository; they are no part of it. */
const golden = fileURLToPath(new URL("../../../../../shared/k8s/golden/", import.meta.url));
const names = existsSync(golden)
  ? readdirSync(golden)
      .filter((name) => name.endsWith(".pb"))
      .map((name) => name.slice(0, -3))
  : [];

describe.skipIf(names.length === 0)("Kubernetes' golden objects", () => {
  it.each(names)("%s", (name) => {
    const bytes = readFileSync(join(golden, `${name}.pb`));
    const json = JSON.parse(readFileSync(join(golden, `${name}.json`), "utf8"));
    // A WatchEvent's envelope does not say what it is.
    const expected = { apiVersion: "v1", kind: name.split(".").at(-1)! };
    const decoded = decodeProtobuf(bytes, expected);
    expect(decoded).toMatchObject(json);
    expect(Buffer.from(encodeProtobuf(decoded, expected)).toString("hex")).toBe(bytes.toString("hex"));
  });
});
