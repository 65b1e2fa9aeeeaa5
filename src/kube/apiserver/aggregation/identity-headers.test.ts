import { describe, expect, it } from "vitest";
import { identityHeaders } from "./identity-headers.ts";

describe("who sends a request", () => {
  it("is told with all that is known of him", () => {
    const extra = { "example.com/Scopes": ["a", "b"], "50%": ["x"], empty: [] };
    expect(identityHeaders({ name: "ann", uid: "u-1", groups: ["g", "h"], extra })).toEqual({
      "x-remote-user": "ann",
      "x-remote-uid": "u-1",
      "x-remote-group": ["g", "h"],
      "x-remote-extra-example.com%2FScopes": ["a", "b"],
      "x-remote-extra-50%25": ["x"],
    });
  });

  it("is told in the bytes of UTF-8", () => {
    const headers = identityHeaders({ name: "zoë", groups: [] });
    expect(headers).toEqual({ "x-remote-user": "zoÃ«" });
  });
});
