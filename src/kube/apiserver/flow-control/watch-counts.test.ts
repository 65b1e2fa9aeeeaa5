import { describe, expect, it } from "vitest";
import { parseRequest, type ResourceRequestInfo, takeFieldSelector } from "../request-info.ts";
import { WatchCounts } from "./watch-counts.ts";

const watch = (path: string, fieldSelector?: string) => {
  const info = parseRequest("GET", path, new URLSearchParams("watch=1")) as ResourceRequestInfo;
  takeFieldSelector(info, fieldSelector);
  return info;
};
const interested = (counts: WatchCounts, method: string, path: string) =>
  counts.interestedIn(parseRequest(method, path, new URLSearchParams()));

describe("watches that hear of a write", () => {
  it("are those of everything, of the namespace and of the object", () => {
    const counts = new WatchCounts();
    const ways = [
      watch("/api/v1/configmaps"),
      watch("/api/v1/namespaces/a/configmaps"),
      watch("/api/v1/namespaces/a/configmaps", "metadata.name=one"),
      watch("/api/v1/namespaces/b/configmaps"),
      watch("/api/v1/secrets"),
    ].map((info) => counts.register(info));
    expect(interested(counts, "POST", "/api/v1/namespaces/a/configmaps")).toBe(2);
    expect(interested(counts, "PUT", "/api/v1/namespaces/a/configmaps/one")).toBe(3);
    expect(interested(counts, "PUT", "/api/v1/namespaces/c/configmaps/one")).toBe(1);
    expect(interested(counts, "GET", "/api/v1/namespaces/a/configmaps/one")).toBe(0);
    for (const forget of ways) forget();
    expect(interested(counts, "PUT", "/api/v1/namespaces/a/configmaps/one")).toBe(0);
  });

  it("are not those of one node's pods", () => {
    const counts = new WatchCounts();
    counts.register(watch("/api/v1/pods", "spec.nodeName=n"))();
    counts.register(watch("/api/v1/pods", "spec.nodeName=n"));
    counts.register(watch("/api/v1/pods", "spec.nodeName!=n"));
    counts.register(watch("/api/v1/pods", "spec.nodeName="));
    expect(interested(counts, "POST", "/api/v1/namespaces/a/pods")).toBe(2);
  });
});
