import { rfc3339Seconds } from "../../../base/index.ts";
import type { EndpointSlice, Service } from "../../api/index.ts";
import { endpointSlices } from "../../api/index.ts";
import type { ApiObject } from "../../api/types.ts";
import type { Informer } from "../../client/index.ts";
import type { ControllerDependencies } from "../controller.ts";
import { writeOnNewest } from "../newest.ts";
import { controllerReference } from "../owner.ts";
import { isNamespaceTerminating, unlessGone } from "../write-errors.ts";
import type { SliceContent } from "./plan.ts";

const CHANGE_TIME = "endpoints.kubernetes.io/last-change-trigger-time";
const HEADLESS = "service.kubernetes.io/headless";

/** What tells whose slice it is and who keeps it. */
export const SERVICE_NAME = "kubernetes.io/service-name";
export const MANAGED_BY = "endpointslice.kubernetes.io/managed-by";

/** The labels of a Service's slices: its own, and those that others find them by. */
export function sliceLabels(
  service: Pick<Service, "metadata" | "spec">,
  manager: string,
): Record<string, string> {
  const { [HEADLESS]: _headless, ...own } = service.metadata.labels ?? {};
  return {
    ...own,
    ...(service.spec.clusterIP === "None" ? { [HEADLESS]: "" } : {}),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: manager,
  };
}

export interface SliceWriterOptions extends Pick<ControllerDependencies, "client" | "clock"> {
  slices: Informer<EndpointSlice>;
}

/** Writes slices of one owner: a Service, or Endpoints that are mirrored. */
export class SliceWriter {
  readonly #options: SliceWriterOptions;

  constructor(options: SliceWriterOptions) {
    this.#options = options;
  }

  /** Returns nothing where the namespace goes away. */
  async create(
    owner: ApiObject,
    labels: Record<string, string>,
    content: SliceContent,
  ): Promise<EndpointSlice | undefined> {
    const { name, namespace } = owner.metadata;
    try {
      return await this.#options.client.create(endpointSlices, {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          generateName: `${name}-`,
          namespace: namespace!,
          labels,
          annotations: this.#changedNow(),
          ownerReferences: [controllerReference(owner)],
        },
        addressType: "IPv4",
        ...content,
      });
    } catch (error) {
      if (isNamespaceTerminating(error)) return undefined;
      throw error;
    }
  }

  async update(slice: EndpointSlice, labels: Record<string, string>, content: SliceContent): Promise<void> {
    const { client, slices } = this.#options;
    await unlessGone(
      writeOnNewest(slices, slice, (base) => {
        const annotations = { ...base.metadata.annotations, ...this.#changedNow() };
        return client.update(endpointSlices, {
          ...base,
          ...content,
          metadata: { ...base.metadata, labels, annotations },
        });
      }),
    );
  }

  async remove({ metadata: { namespace, name, uid } }: EndpointSlice): Promise<void> {
    await unlessGone(
      this.#options.client.delete(endpointSlices, namespace, name, { preconditions: { uid } }),
    );
  }

  /** Says when the change was seen, from which the proxies' delay is measured. */
  #changedNow(): Record<string, string> {
    return { [CHANGE_TIME]: rfc3339Seconds(this.#options.clock.nowMs()) };
  }
}
