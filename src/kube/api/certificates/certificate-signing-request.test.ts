import { describe, expect, it } from "vitest";
import type { CertificateSigningRequest } from "../generated/types.ts";
import { createdFrom } from "../testing/refusals.ts";
import type { WriteContext } from "../types.ts";
import { certificateSigningRequests } from "./certificate-signing-request.ts";
import { CERTIFICATES_REFUSALS } from "./refusals.table.ts";

type Request = CertificateSigningRequest;
const [{ base }] = Object.values(CERTIFICATES_REFUSALS) as [{ base: object }];
const approval = certificateSigningRequests.subresources!.find(({ name }) => name === "approval")!.update!;

const context: WriteContext = {
  user: { name: "eve", uid: "7", groups: ["g"], extra: { scopes: ["a"] } },
  nowMs: Date.UTC(2024, 0, 1),
  warnings: [],
};
const NOW = "2024-01-01T00:00:00Z";
const BEFORE = "2023-01-01T00:00:00Z";

function stored(status: object = {}): Request {
  return { ...(createdFrom(certificateSigningRequests, base) as Request), status };
}

function withStatus(request: Request, status: Request["status"]): Request {
  return { ...structuredClone(request), status: structuredClone(status!) };
}

const approved = { type: "Approved", status: "True" };
const failed = { type: "Failed", status: "True" };
const times = (one: string, other: string) => ({ lastUpdateTime: one, lastTransitionTime: other });

describe("a certificate signing request", () => {
  it("is of who makes it, whatever it says itself", () => {
    const request = stored();
    Object.assign(request.spec, {
      username: "admin",
      groups: ["system:masters"],
      uid: "0",
      extra: { b: ["c"] },
    });
    certificateSigningRequests.prepareForCreate!(request, context);
    expect(request.spec).toMatchObject({
      username: "eve",
      uid: "7",
      groups: ["g"],
      extra: { scopes: ["a"] },
    });
  });

  it("is approved by its own way, which sets nothing else", () => {
    const previous = stored();
    const next = withStatus(previous, { conditions: [approved], certificate: "AQ==" });
    next.spec = { ...next.spec, signerName: "other.example.com/s" };
    approval.prepare(next, previous, context);
    expect(next).toEqual({ ...previous, status: { conditions: [{ ...approved, ...times(NOW, NOW) }] } });
    expect(approval.validate(next, previous)).toEqual([]);
  });

  it("is approved or denied, and stays so", () => {
    const condition = { ...approved, ...times(BEFORE, BEFORE) };
    const previous = stored({ conditions: [condition] });
    const denied = { type: "Denied", status: "True" };
    const both = withStatus(previous, { conditions: [condition, denied] });
    expect(approval.validate(both, previous).map(({ message }) => message)).toEqual([
      'Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
    ]);
    expect(approval.validate(withStatus(previous, {}), previous).map(({ message }) => message)).toEqual([
      'Forbidden: updates may not remove a condition of type "Approved"',
    ]);
  });

  it("keeps its approval when its status is written, and since when a condition holds", () => {
    const condition = { ...approved, reason: "r", ...times(BEFORE, BEFORE) };
    const previous = stored({ conditions: [condition, { ...failed, ...times(BEFORE, BEFORE) }] });
    const next = withStatus(previous, { conditions: [failed, { ...approved, reason: "other" }] });
    certificateSigningRequests.prepareForStatusUpdate!(next, previous, context);
    expect(next.status?.conditions).toEqual([{ ...failed, ...times(NOW, BEFORE) }, condition]);
    expect(certificateSigningRequests.validateStatusUpdate!(next, previous)).toEqual([]);
  });

  it("gets a certificate once", () => {
    const previous = stored({ certificate: "AQ==" });
    const next = withStatus(previous, { certificate: "Ag==" });
    expect(
      certificateSigningRequests.validateStatusUpdate!(next, previous).map(({ message }) => message),
    ).toEqual(["Forbidden: updates may not modify existing certificate content"]);
    expect(approval.validate(next, previous).map(({ message }) => message)).toEqual([
      "Forbidden: updates may not set certificate content",
    ]);
  });

  it.each([
    [{}, "Pending"],
    [{ conditions: [approved] }, "Approved"],
    [{ conditions: [approved], certificate: "AQ==" }, "Approved,Issued"],
    [{ conditions: [approved, failed] }, "Approved,Failed"],
    [{ conditions: [{ type: "Denied", status: "True" }] }, "Denied"],
  ])("with the status %j is told as %s", (status, text) => {
    const column = certificateSigningRequests.columns.find(({ name }) => name === "Condition")!;
    expect(column.cell(stored(status), { nowMs: 0 })).toBe(text);
  });
});
