import { describe, expect, it } from "vitest";
import type { KubeObject } from "../types.ts";
import { conversionReview, convertedObjects, objectsToConvert, withApiVersion } from "./conversion.ts";

const object = (more: object = {}): KubeObject =>
  ({
    apiVersion: "example.com/v1",
    kind: "R",
    metadata: {
      name: "a",
      namespace: "n",
      uid: "u",
      resourceVersion: "1",
      creationTimestamp: null,
      labels: { l: "1" },
    },
    ...more,
  }) as KubeObject;

const review = conversionReview(["v9", "v1", "v1beta1"], {
  uid: "r",
  objects: [object()],
  apiVersion: "example.com/v2",
});
const answer = (converted: unknown[], more: object = {}) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "ConversionReview",
  response: { uid: "r", result: { status: "Success" }, convertedObjects: converted, ...more },
});
const converted = (more: object = {}) => ({ ...object(), apiVersion: "example.com/v2", ...more });

describe("a conversion", () => {
  it("by no strategy changes the version alone", () => {
    expect(withApiVersion(object({ spec: 1 }), "example.com/v2")).toEqual(converted({ spec: 1 }));
    expect(objectsToConvert([object(), converted() as KubeObject], "example.com/v2")).toEqual([object()]);
  });

  it("by a webhook is asked for in a version that is known", () => {
    expect(review).toMatchObject({
      apiVersion: "apiextensions.k8s.io/v1",
      request: { uid: "r", desiredAPIVersion: "example.com/v2" },
    });
    expect(() => conversionReview(["v9"], { uid: "r", objects: [], apiVersion: "x" })).toThrow(
      "no supported conversion review versions",
    );
  });

  it("may change labels and annotations of the metadata, and nothing else", () => {
    const changed = converted({
      metadata: { ...object().metadata, labels: { l: "2" }, generation: 7 },
      spec: { x: 1 },
    });
    expect(convertedObjects(review, answer([changed]))).toEqual([
      { ...changed, metadata: { ...object().metadata, labels: { l: "2" } } },
    ]);
  });

  const FAILED = "conversion webhook for example.com/v1, Kind=R failed: ";
  const RETURNED = "conversion webhook for example.com/v1, Kind=R returned ";
  it.each<[unknown, string]>([
    [
      {},
      `${FAILED}expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got /, Kind=`,
    ],
    [{ ...answer([]), response: null }, `${FAILED}no response provided`],
    [answer([], { uid: "x" }), `${FAILED}expected response.uid="r", got "x"`],
    [answer([], { result: { status: "Failed", message: "no" } }), `${FAILED}no`],
    [answer([], { result: {} }), `${FAILED}response.result.status was '', not 'Success'`],
    [answer([]), `${RETURNED}0 objects, expected 1`],
    [
      answer([object()]),
      `${RETURNED}invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)`,
    ],
    [
      answer([converted({ kind: "S" })]),
      `${RETURNED}invalid object at index 0: invalid kind (expected R, received S)`,
    ],
    [
      answer([converted({ metadata: { name: "b", namespace: "n", uid: "u" } })]),
      `${RETURNED}invalid object: must have the same name: a != b`,
    ],
    [
      answer([converted({ metadata: { ...object().metadata, labels: { l: 5 } } })]),
      `${RETURNED}invalid metadata: metadata.labels[l] must be a string, but is int64 in converted object`,
    ],
  ])("is refused that answers %j", (given, message) => {
    expect(() => convertedObjects(review, given)).toThrow(message);
  });

  it.each<[object, string]>([
    [{ kind: "S" }, "invalid converted object at index 1: invalid kind (expected R, received S)"],
    [{ metadata: { name: "b" } }, "invalid converted object at index 1: must have the same name: a != b"],
    [
      { metadata: { ...object().metadata, labels: [] } },
      "invalid metadata in object at index 1: invalid metadata.labels of type []interface {} in converted object",
    ],
  ])("of several objects tells which is wrong: %j", (wrong, message) => {
    const several = conversionReview(["v1"], {
      uid: "r",
      objects: [object(), object()],
      apiVersion: "example.com/v2",
    });
    expect(() => convertedObjects(several, answer([converted(), converted(wrong)]))).toThrow(
      `${RETURNED}${message}`,
    );
  });
});
