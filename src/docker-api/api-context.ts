import type { HttpContext } from "../http/index.ts";

/** A request to the API, its version prefix taken off. */
export interface ApiContext extends HttpContext {
  /** Second number of the API version that the client speaks. */
  readonly apiMinor: number;
}

/** One endpoint. `path` is a pattern of http's router. */
export interface ApiRoute {
  method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE";
  path: string;
  handle(context: ApiContext): Promise<void> | void;
}
