import { expect, it } from "vitest";
import { base64Problem } from "./go-base64.ts";

it.each([
  ["", undefined],
  ["YWJj", undefined],
  ["YW\nJj\r\n", undefined],
  ["YQ==", undefined],
  ["YWI=\n", undefined],
  ["é", 0],
  ["YWJ-", 3],
  // What does not come: the beginning of the group.
  ["YWJjYQ", 4],
  ["Y", 0],
  ["=", 0],
  ["Y===", 1],
  ["YQ=", 3],
  ["YQ=x", 2],
  // What stands behind the end.
  ["YQ==x", 4],
  ["YWI=\n=", 5],
])("%j is wrong at %s", (text, at) => {
  expect(base64Problem(text)).toBe(at);
});
