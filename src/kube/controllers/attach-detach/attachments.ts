import type { VolumeAttachment } from "../../api/index.ts";
import type { Informer } from "../../client/index.ts";
import { volumeNameOf } from "./attachment.ts";

const BY_NODE = "attachments/node";
const BY_VOLUME = "attachments/volume";

/** What is attached where: as the informer has it, and what was made a moment ago. */
export class Attachments {
  readonly #informer: Informer<VolumeAttachment>;
  readonly #fresh = new Map<string, VolumeAttachment>();
  readonly #told = new Map<string, string>();

  constructor(informer: Informer<VolumeAttachment>) {
    this.#informer = informer;
    informer.addIndex(BY_NODE, ({ spec }) => [spec.nodeName]);
    informer.addIndex(BY_VOLUME, (one) => [volumeNameOf(one)]);
  }

  get(name: string): VolumeAttachment | undefined {
    return this.#informer.get(name) ?? this.#fresh.get(name);
  }

  /** Those that no volume of the cluster is the source of are not ours. */
  on(nodeName: string): VolumeAttachment[] {
    const fresh = [...this.#fresh.values()].filter(({ spec }) => spec.nodeName === nodeName);
    return [...this.#informer.byIndex(BY_NODE, nodeName), ...fresh].filter((one) => volumeNameOf(one) !== "");
  }

  of(volumeName: string): VolumeAttachment[] {
    const fresh = [...this.#fresh.values()].filter((one) => volumeNameOf(one) === volumeName);
    return [...this.#informer.byIndex(BY_VOLUME, volumeName), ...fresh];
  }

  /** It was made, and comes by the informer later. */
  note(attachment: VolumeAttachment): void {
    const { name } = attachment.metadata;
    if (!this.#informer.get(name)) this.#fresh.set(name, attachment);
  }

  isUnseen(name: string): boolean {
    return this.#fresh.has(name);
  }

  seen({ metadata: { name } }: VolumeAttachment): void {
    this.#fresh.delete(name);
  }

  gone({ metadata: { name } }: VolumeAttachment): void {
    this.#fresh.delete(name);
    this.#told.delete(name);
  }

  /** Whether this is another outcome than the last one that was told. */
  isNews(name: string, outcome: string): boolean {
    if (this.#told.get(name) === outcome) return false;
    this.#told.set(name, outcome);
    return true;
  }
}
