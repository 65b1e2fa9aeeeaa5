import type { EngineContext } from "./context.ts";

/** Tells Docker's event stream what images and networks tell. Returns how to stop. */
export function forwardEvents(context: EngineContext): (() => void)[] {
  const { events, images, network, containers } = context;
  return [
    images.onEvent(({ action, imageId, reference }) => {
      events.emit(
        "image",
        action,
        action === "pull" || action === "push" ? (reference ?? imageId) : imageId,
        {
          name: reference ?? imageId,
        },
      );
    }),
    network.onEvent(({ action, networkId, networkName, containerId }) => {
      if (containerId && containers.byId(containerId)?.isCri) return;
      const type = context.network.find(networkId)?.driver ?? "bridge";
      events.emit("network", action, networkId, {
        ...(containerId ? { container: containerId } : {}),
        name: networkName,
        type,
      });
    }),
  ];
}
