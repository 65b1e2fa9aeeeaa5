import type { ContainerMetadata, CriMount } from "./types.ts";

/** The engine's label that makes a container one of CRI's; its value is the note, so that one durable write holds both. */
export const NOTE_LABEL = "io.gantry.cri";

/** What CRI knows of a container beyond the engine's record. */
export interface ContainerNote {
  sandboxId: string;
  metadata: ContainerMetadata;
  /** As people know it, the reference under which it is listed, and its id. */
  image: string;
  imageRef: string;
  imageId: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  mounts: CriMount[];
  /** Absolute. */
  logPath: string;
  createdAtMs: number;
  stopSignal?: string;
}

export function parseNote(text: string | undefined): ContainerNote | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ContainerNote;
  } catch {
    return undefined;
  }
}
