import { isGantryError } from "../../../base/index.ts";
import type { ControllerRevision } from "../../api/index.ts";
import { controllerRevisions } from "../../api/index.ts";
import type { ResourceRef } from "../../api/types.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { newest, writeOnNewest } from "../newest.ts";
import { keyOf } from "../object-key.ts";
import { OwnWrites } from "../own-writes.ts";
import { claimChildren, controllerOf, controllerReference } from "../owner.ts";
import { selects } from "../selectors.ts";
import { unlessGone } from "../write-errors.ts";
import { revisionHash, revisionName } from "./revision-hash.ts";
import { inOrder, type Revisioned, revisionData, sameData } from "./revisioned.ts";

/** Whose revisions they are, and the label by which they say their hash. */
export interface RevisionKind {
  resource: ResourceRef<Revisioned>;
  hashLabel: string;
}

/** A revision as it was made, and how many names were taken by others until then. */
export interface CreatedRevision {
  revision: ControllerRevision;
  collisionCount: number;
}

/** Reads and writes the ControllerRevisions of one kind of owners; what was written counts before the informer shows it. */
export class RevisionWriter {
  readonly #dependencies: ControllerDependencies;
  readonly #kind: RevisionKind;
  readonly #revisions: Informer<ControllerRevision>;
  readonly #written: OwnWrites<ControllerRevision>;
  /** Made here and not shown yet, by key. */
  readonly #made = new Map<string, ControllerRevision>();

  constructor(
    dependencies: ControllerDependencies,
    kind: RevisionKind,
    revisions: Informer<ControllerRevision>,
  ) {
    this.#dependencies = dependencies;
    this.#kind = kind;
    this.#revisions = revisions;
    this.#written = new OwnWrites(revisions);
  }

  /** The informer shows the revision, or that it is gone. */
  observe(revision: ControllerRevision): void {
    this.#made.delete(keyOf(revision));
  }

  /** The owner's revisions in their order; adopts and releases. */
  async claim(owner: Revisioned): Promise<ControllerRevision[]> {
    const claimed = await claimChildren({
      client: this.#dependencies.client,
      owner,
      ownerResource: this.#kind.resource,
      children: this.#revisions,
      childResource: controllerRevisions,
      concerns: ({ metadata }) => metadata.deletionTimestamp === undefined,
      matches: (revision) => selects(owner, revision),
    });
    const shown = claimed.map((one) => newest(this.#revisions, this.#written.newest(keyOf(one)) ?? one));
    const made = [...this.#made.values()].filter(
      (one) => controllerOf(one)?.uid === owner.metadata.uid && !this.#revisions.get(keyOf(one)),
    );
    return inOrder([...shown, ...made]);
  }

  /** Keeps the owner's present template under this number; a name that another one has is made another. */
  async create(owner: Revisioned, number: number): Promise<CreatedRevision> {
    const data = revisionData(owner);
    for (let collisionCount = owner.status?.collisionCount ?? 0; ; collisionCount++) {
      const draft = this.#draftOf(owner, data, collisionCount, number);
      try {
        const revision = await this.#dependencies.client.create(controllerRevisions, draft);
        this.#note(revision);
        return { revision, collisionCount };
      } catch (error) {
        if (!isGantryError(error, "AlreadyExists")) throw error;
      }
      const { namespace, name } = draft.metadata;
      const existing = await this.#dependencies.client.get(controllerRevisions, namespace, name);
      const holder = controllerOf(existing)?.uid ?? owner.metadata.uid;
      if (holder !== owner.metadata.uid || !sameData(existing, { data })) continue;
      this.#note(existing);
      return { revision: existing, collisionCount };
    }
  }

  /** Gives the revision another number: what was old becomes the newest. */
  async renumber(revision: ControllerRevision, number: number): Promise<ControllerRevision> {
    if (revision.revision === number) return revision;
    return this.#update(revision, (base) => ({ ...base, revision: number }));
  }

  async label(revision: ControllerRevision, name: string, value: string): Promise<ControllerRevision> {
    return this.#update(revision, (base) => {
      const labels = { ...base.metadata.labels, [name]: value };
      return { ...base, metadata: { ...base.metadata, labels } };
    });
  }

  async remove(revision: ControllerRevision): Promise<void> {
    const { namespace, name, uid } = revision.metadata;
    await unlessGone(
      this.#dependencies.client.delete(controllerRevisions, namespace, name, { preconditions: { uid } }),
    );
    this.observe(revision);
  }

  async #update(
    revision: ControllerRevision,
    change: (base: ControllerRevision) => ControllerRevision,
  ): Promise<ControllerRevision> {
    try {
      const updated = await writeOnNewest(this.#revisions, revision, (base) =>
        this.#dependencies.client.update(controllerRevisions, change(base)),
      );
      this.#written.note(updated);
      return updated;
    } catch (error) {
      if (isGantryError(error, "NotFound")) this.observe(revision);
      throw error;
    }
  }

  #note(revision: ControllerRevision): void {
    if (!this.#revisions.get(keyOf(revision))) this.#made.set(keyOf(revision), revision);
  }

  #draftOf(owner: Revisioned, data: object, collisionCount: number, number: number) {
    const { name, namespace, annotations } = owner.metadata;
    const hash = revisionHash(data, collisionCount);
    return {
      metadata: {
        name: revisionName(name, hash),
        namespace: namespace!,
        labels: { ...owner.spec.template.metadata?.labels, [this.#kind.hashLabel]: hash },
        ...(annotations ? { annotations } : {}),
        ownerReferences: [controllerReference(owner)],
      },
      data,
      revision: number,
    };
  }
}
