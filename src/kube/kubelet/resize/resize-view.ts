import type { CriContainerStatus } from "../../../cri/types.ts";
import type { Container } from "../../api/index.ts";

/** What has to be known of a pod's resizes to decide what to do with its containers. */
export interface ResizeView {
  /** A running container gets what it is promised only by a start anew. */
  needsRestart(container: Container, status: CriContainerStatus): boolean;
}

export const NO_RESIZES: ResizeView = { needsRestart: () => false };
