import { familiarName, familiarText, parseImageReference } from "../../formats/index.ts";
import type { ImageEvent } from "../../images/types.ts";
import type { EngineContext } from "../context.ts";

/** Tells Docker's event stream what images and networks tell. Returns how to stop. */
export function forwardEvents(context: EngineContext): (() => void)[] {
  const { events, images, network, containers } = context;
  return [
    images.onEvent((event) => {
      const { id, name } = imageActor(event);
      events.emit("image", event.action, id, { ...event.labels, name });
    }),
    network.onEvent(({ action, networkId, networkName, containerId }) => {
      const owner = containerId && containers.byId(containerId)?.owner;
      if (owner && owner !== "docker") return;
      const type = context.network.find(networkId)?.driver ?? "bridge";
      events.emit("network", action, networkId, {
        ...(containerId ? { container: containerId } : {}),
        name: networkName,
        type,
      });
    }),
  ];
}

/** Docker names what went over a wire by its reference, and everything else by the image's id. */
function imageActor({ action, imageId, reference }: ImageEvent): { id: string; name: string } {
  if (reference === undefined) return { id: imageId, name: imageId };
  if (action === "tag") return { id: imageId, name: familiarText(reference) };
  if (action !== "pull" && action !== "push") return { id: imageId, name: imageId };
  return { id: familiarText(reference), name: familiarName(parseImageReference(reference)) };
}
