import type { Container } from "../containers/container.ts";
import type { EngineContext } from "../context.ts";

/** An event of a container, with its image, name and labels. The CRI's containers are not Docker's to tell. */
export function emitContainerEvent(
  context: EngineContext,
  container: Container,
  action: string,
  attributes: Record<string, string> = {},
): void {
  if (container.owner !== "docker") return;
  const { config, name } = container.record;
  context.events.emit("container", action, container.id, {
    ...config.Labels,
    ...attributes,
    image: config.Image,
    name,
  });
}
