import type { ControllerRevision } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import type { Enqueue } from "../controller.ts";
import { keyOf } from "../object-key.ts";
import { controllerOf } from "../owner.ts";
import { selects } from "../selectors.ts";
import type { RevisionKind, RevisionWriter } from "./revision-writer.ts";
import type { Revisioned } from "./revisioned.ts";

export interface RevisionSources<T extends Revisioned> {
  revisions: Informer<ControllerRevision>;
  owners: Informer<T>;
  history: RevisionWriter;
}

/** Enqueues the owners of revisions that change or go, and whoever may take in one that nobody controls. */
export function watchRevisions<T extends Revisioned>(
  { resource }: Pick<RevisionKind, "resource">,
  { revisions, owners, history }: RevisionSources<T>,
  enqueue: Enqueue,
): () => void {
  const tellOwner = (revision: ControllerRevision): void => {
    const owner = controllerOf(revision);
    if (owner?.kind === resource.kind) enqueue(`${revision.metadata.namespace}/${owner.name}`);
  };
  const offer = (revision: ControllerRevision): void => {
    if (controllerOf(revision)) return;
    for (const one of owners.list(revision.metadata.namespace))
      if (selects(one, revision)) enqueue(keyOf(one));
  };
  return revisions.subscribe({
    onAdd: (revision) => {
      history.observe(revision);
      offer(revision);
    },
    onUpdate: (revision, previous) => {
      history.observe(revision);
      tellOwner(previous);
      tellOwner(revision);
      offer(revision);
    },
    onDelete: (revision) => {
      history.observe(revision);
      tellOwner(revision);
    },
  });
}
