import type { Engine } from "../../engine/types.ts";
import type { NetworkService } from "../../network/types.ts";

/** What this area needs of the network service and of the engine. */
export interface NetworksBackend {
  network: Pick<NetworkService, "list" | "find" | "get" | "create" | "remove" | "endpoints">;
  engine: Pick<Engine, "connectNetwork" | "disconnectNetwork" | "listContainers" | "emitEvent">;
}
