export { ReverseProxy, type ReverseProxyOptions } from "./reverse-proxy.ts";
export type * from "./types.ts";
