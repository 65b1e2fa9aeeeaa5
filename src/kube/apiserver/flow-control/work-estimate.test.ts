import { describe, expect, it } from "vitest";
import { parseRequest, takeFieldSelector } from "../request-info.ts";
import { estimateWork } from "./work-estimate.ts";

function estimate(request: string, { stored = 1000 as number | null, watches = 0, maxSeats = 10 } = {}) {
  const [method, url] = request.split(" ") as [string, string];
  const [path, query] = url.split("?");
  const params = new URLSearchParams(query);
  const info = parseRequest(method, path!, params);
  takeFieldSelector(info, params.get("fieldSelector") ?? undefined);
  const { initialSeats, finalSeats, additionalMs } = estimateWork({
    info,
    params,
    maxSeats,
    countObjects: () => stored ?? undefined,
    countWatches: () => watches,
  });
  return [initialSeats, finalSeats, additionalMs];
}

describe("the seats of lists and watches", () => {
  const PODS = "/api/v1/pods";
  it.each([
    [`GET ${PODS}`, 1, 1],
    [`GET ${PODS}`, 101, 2],
    [`GET ${PODS}`, 5000, 10],
    [`GET ${PODS}?limit=1`, 450, 5],
    [`GET ${PODS}?limit=50&resourceVersion=0`, 450, 5],
    [`GET ${PODS}?limit=50&resourceVersion=7`, 450, 1],
    [`GET ${PODS}?limit=150&resourceVersion=7`, 450, 3],
    [`GET ${PODS}?limit=150&resourceVersion=7&labelSelector=a`, 450, 6],
    [`GET ${PODS}?limit=150&continue=abc`, 450, 3],
    [`GET ${PODS}?resourceVersionMatch=Exact&resourceVersion=7`, 450, 9],
    [`GET ${PODS}?resourceVersionMatch=NotOlderThan&resourceVersion=7&limit=5`, 450, 5],
    [`GET ${PODS}?fieldSelector=metadata.name%3Da`, 450, 1],
    [`GET ${PODS}/a`, 450, 1],
    [`GET ${PODS}?watch=1`, 450, 1],
    [`GET ${PODS}?watch=1&sendInitialEvents=true`, 450, 5],
    [`GET ${PODS}?watch=1&sendInitialEvents=false`, 450, 1],
    ["GET /version", 450, 1],
  ])("%s of %i objects", (request, stored, seats) => {
    expect(estimate(request, { stored })).toEqual([seats, 0, 0]);
  });

  it("are one for what is unknown, and no more than the level lets one have", () => {
    expect(estimate(`GET ${PODS}`, { stored: null })).toEqual([1, 0, 0]);
    expect(estimate(`GET ${PODS}`, { maxSeats: 4 })).toEqual([4, 0, 0]);
    expect(estimate(`GET ${PODS}`, { maxSeats: 0 })).toEqual([10, 0, 0]);
  });
});

describe("the seats of writes", () => {
  it.each([
    ["POST", 0, 10, [1, 0, 0]],
    ["POST", 9, 10, [1, 0, 0]],
    ["POST", 10, 10, [1, 1, 5]],
    ["DELETE", 25, 10, [1, 3, 5]],
    ["PATCH", 99, 10, [1, 10, 5]],
    // The same work by fewer, for longer.
    ["PUT", 400, 10, [1, 10, 20]],
    ["PUT", 99, 5, [1, 5, 10]],
  ])("%s that %i watches hear of, %i seats at the most", (method, watches, maxSeats, expected) => {
    expect(estimate(`${method} /api/v1/namespaces/a/pods/p`, { watches, maxSeats })).toEqual(expected);
  });

  it("are one where watches hear of nothing", () => {
    const token = "POST /api/v1/namespaces/a/serviceaccounts/s/token";
    expect(estimate(token, { watches: 100 })).toEqual([1, 0, 0]);
    expect(estimate("DELETE /api/v1/namespaces/a/pods", { watches: 100 })).toEqual([1, 0, 0]);
  });
});
