import { expect, it } from "vitest";
import { daemonSets } from "./apps/daemon-set.ts";
import { metadataOf } from "./metadata-of.ts";
import type { KubeObject } from "./types.ts";

const GENERATION = "deprecated.daemonset.template.generation";

it.each([
  [
    { [GENERATION]: "1", an: "1" },
    { name: "d", annotations: { an: "1" } },
  ],
  [{ [GENERATION]: "1" }, { name: "d" }],
  [{ an: "1" }, { name: "d", annotations: { an: "1" } }],
])("of a DaemonSet with %j the metadata alone are %j", (annotations, shown) => {
  expect(metadataOf(daemonSets, { metadata: { name: "d", annotations } } as unknown as KubeObject)).toEqual(
    shown,
  );
});
