import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { impersonate, impersonationOf } from "./impersonation.ts";
import type { RequestInfo } from "./request-info.ts";

const caller = { name: "admin", groups: ["system:masters"] };

async function actAs(headers: Record<string, string[]>) {
  const asked: string[] = [];
  const authorizer = {
    authorize(_user: unknown, info: RequestInfo) {
      if (info.isResource) asked.push(`${info.resource} ${info.name}`);
      return { decision: "allow" as const };
    },
  };
  const wanted = impersonationOf({ headersDistinct: headers } as unknown as IncomingMessage);
  return { user: await impersonate(caller, wanted, authorizer), asked };
}

describe("who a request acts as", () => {
  it.each([
    [{ "impersonate-user": [""] }, caller],
    [{ "impersonate-user": ["u"] }, { name: "u", groups: ["system:authenticated"] }],
    [
      { "impersonate-user": ["u"], "impersonate-group": ["g", "h"] },
      { name: "u", groups: ["g", "h", "system:authenticated"] },
    ],
    [
      { "impersonate-user": ["u"], "impersonate-group": ["system:unauthenticated"] },
      { name: "u", groups: ["system:unauthenticated"] },
    ],
    [
      { "impersonate-user": ["system:anonymous"] },
      { name: "system:anonymous", groups: ["system:unauthenticated"] },
    ],
    [
      { "impersonate-user": ["system:serviceaccount:ns:sa"] },
      {
        name: "system:serviceaccount:ns:sa",
        groups: ["system:serviceaccounts", "system:serviceaccounts:ns", "system:authenticated"],
      },
    ],
    [
      { "impersonate-user": ["system:serviceaccount:ns:sa"], "impersonate-group": ["g"] },
      { name: "system:serviceaccount:ns:sa", groups: ["g", "system:authenticated"] },
    ],
    // No account has such a name: a user like any other.
    [
      { "impersonate-user": ["system:serviceaccount:NS:sa"], "impersonate-uid": ["7"] },
      { name: "system:serviceaccount:NS:sa", uid: "7", groups: ["system:authenticated"] },
    ],
    [
      { "impersonate-user": ["u"], "impersonate-extra-a%2fb": ["c", "d"], "impersonate-extra-%zz": ["e"] },
      { name: "u", groups: ["system:authenticated"], extra: { "a/b": ["c", "d"], "%zz": ["e"] } },
    ],
  ])("with %j is as upstream says", async (headers, user) => {
    expect((await actAs(headers as unknown as Record<string, string[]>)).user).toEqual(user);
  });

  it("is asked about part by part", async () => {
    const { asked } = await actAs({
      "impersonate-user": ["system:serviceaccount:ns:sa"],
      "impersonate-uid": ["7"],
      "impersonate-group": ["g"],
      "impersonate-extra-a": ["b"],
    });
    expect(asked).toEqual(["serviceaccounts sa", "groups g", "userextras b", "uids 7"]);
  });
});
