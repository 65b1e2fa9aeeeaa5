import { GantryError, notImplemented } from "../../base/index.ts";
import { sendJson } from "../../http/index.ts";
import type { ApiRoute } from "../api-context.ts";

const NOT_A_MANAGER =
  'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.';

/** Parts of Docker that this program does not have: swarm answers as a node that is in none, plugins as there being none. */
export function swarmRoutes(): ApiRoute[] {
  const areas = ["swarm", "nodes", "services", "tasks", "secrets", "configs"];
  return [
    ...areas.flatMap((area) => everyMethod(area, notManager)),
    { method: "POST", path: "/swarm/init", handle: refuse("swarm mode") },
    { method: "POST", path: "/swarm/join", handle: refuse("swarm mode") },
    { method: "GET", path: "/plugins", handle: ({ res }) => sendJson(res, 200, []) },
    { method: "POST", path: "/plugins/pull", handle: refuse("managed plugins") },
    { method: "POST", path: "/plugins/create", handle: refuse("managed plugins") },
    { method: "GET", path: "/plugins/privileges", handle: refuse("managed plugins") },
    { method: "GET", path: "/plugins/:name*/json", handle: noPlugin },
    { method: "DELETE", path: "/plugins/:name*", handle: noPlugin },
  ];
}

function everyMethod(area: string, handle: ApiRoute["handle"]): ApiRoute[] {
  const methods = ["GET", "POST", "DELETE"] as const;
  return methods.flatMap((method) => [
    { method, path: `/${area}`, handle },
    { method, path: `/${area}/:rest*`, handle },
  ]);
}

function notManager(): never {
  throw new GantryError("Unavailable", NOT_A_MANAGER, { code: "DockerApi.NoSwarm" });
}

function noPlugin({ params }: { params: Record<string, string> }): never {
  throw new GantryError("NotFound", `plugin ${JSON.stringify(params.name)} not found`, {
    code: "DockerApi.NoPlugin",
  });
}

function refuse(what: string) {
  return (): never => {
    throw notImplemented(`${what} is not supported`, { code: "DockerApi.NotSupported" });
  };
}
