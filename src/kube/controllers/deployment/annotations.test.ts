import { expect, it } from "vitest";
import type { Deployment, ReplicaSet } from "../../api/index.ts";
import { REVISION, replicaSetAnnotations, revisionOf } from "./annotations.ts";

const withRevision = (revision: string) =>
  ({ metadata: { name: "web", annotations: { [REVISION]: revision } } }) as unknown as ReplicaSet;

it.each([
  ["3", 3n],
  ["3546343826724305832", 3546343826724305832n],
  ["", 0n],
  ["x", 0n],
  ["1.5", 0n],
])("reads revision %j whole", (text, revision) => {
  expect(revisionOf(withRevision(text))).toBe(revision);
});

it("counts on from a revision that no double can hold", () => {
  const deployment = { metadata: { name: "web" }, spec: {} } as unknown as Deployment;
  const old = withRevision("3546343826724305832");
  expect(replicaSetAnnotations(deployment, old, revisionOf(old) + 1n)).toMatchObject({
    [REVISION]: "3546343826724305833",
    "deployment.kubernetes.io/revision-history": "3546343826724305832",
  });
});
