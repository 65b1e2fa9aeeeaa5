import type { EngineContext } from "../context.ts";
import { noSuchContainer } from "../errors.ts";
import type { Container } from "./container.ts";

/**
 * Runs `fn` with the lock of the container that is meant. Whoever waits for a lock waits for another's operation, which
 * may be its removal: that it is still there is tested behind the lock, and what `fn` wants to know of its state it must
 * test there too.
 */
export function exclusively<T>(
  context: EngineContext,
  reference: string,
  fn: (container: Container) => Promise<T>,
): Promise<T> {
  const container = context.containers.get(reference);
  return container.lock.run(async () => {
    if (container.removed) throw noSuchContainer(reference);
    return fn(container);
  });
}
