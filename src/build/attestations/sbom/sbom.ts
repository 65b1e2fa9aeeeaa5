import type { BuildTree } from "../../solver/types.ts";
import type { Attestation } from "../types.ts";
import { scanTree } from "./scan-tree.ts";
import { spdxDocument } from "./spdx-document.ts";

/** What is installed in a result. */
export async function sbomOf(
  tree: BuildTree,
  { createdMs, signal }: { createdMs: number; signal: AbortSignal },
): Promise<Attestation> {
  const opened = await tree.open();
  try {
    const document = spdxDocument(await scanTree(opened.rootFd, signal), createdMs);
    return {
      predicateType: "https://spdx.dev/Document",
      predicate: async () => document,
      isInlineOnly: false,
      fileName: "sbom.spdx.json",
    };
  } finally {
    opened.close();
  }
}
