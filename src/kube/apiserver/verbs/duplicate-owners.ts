import type { KubeObject, OwnerReference } from "../../api/index.ts";
import type { ResourceCall } from "../server-context.ts";

/** An owner that is named twice counts once, with a warning (handlers.dedupOwnerReferencesAndAddWarning). */
export function dropDuplicateOwners(
  { metadata }: KubeObject,
  { warnings }: Pick<ResourceCall, "warnings">,
  stage: "sent" | "admitted",
): void {
  const owners = metadata.ownerReferences ?? [];
  const first = new Map<string, OwnerReference>();
  const duplicates: string[] = [];
  for (const owner of owners) {
    if (first.has(owner.uid)) duplicates.push(owner.uid);
    else first.set(owner.uid, owner);
  }
  if (duplicates.length === 0) return;
  metadata.ownerReferences = [...first.values()];
  const when = stage === "admitted" ? " after mutating admission happens" : "";
  const text = `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${duplicates.join(", ")}`;
  // The next state is made again where another writer was faster.
  if (!warnings.includes(text)) warnings.push(text);
}
