import { describe, expect, it } from "vitest";
import { GantryError, notImplemented } from "../../base/index.ts";
import { invalid, required } from "./field-error.ts";
import { deployments, pods } from "./index.ts";
import {
  isStatusError,
  statusAlreadyExists,
  statusBadRequest,
  statusConflict,
  statusForbidden,
  statusInternal,
  statusInvalid,
  statusMethodNotAllowed,
  statusNotFound,
  toStatus,
} from "./status-error.ts";

describe("statuses", () => {
  it("carry upstream's message, reason, code and details", () => {
    expect(statusNotFound(pods, "x").status).toEqual({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: 'pods "x" not found',
      reason: "NotFound",
      details: { name: "x", kind: "pods" },
      code: 404,
    });
    expect(statusAlreadyExists(deployments, "x").message).toBe('deployments.apps "x" already exists');
    expect(statusConflict(deployments, "x").message).toBe(
      'Operation cannot be fulfilled on deployments.apps "x": the object has been modified; please apply your changes to the latest version and try again',
    );
    expect(statusForbidden(pods, "x", "no").message).toBe('pods "x" is forbidden: no');
    expect(statusForbidden(pods, "", "no").message).toBe("pods is forbidden: no");
    expect(statusMethodNotAllowed(pods, "patch").message).toBe(
      'patch is not supported on resources of kind "pods"',
    );
    expect(statusBadRequest("why").status).not.toHaveProperty("details");
    expect(statusInternal("why").message).toBe("Internal error occurred: why");
  });

  it("list one cause plainly and several in brackets, equal ones once", () => {
    const one = invalid("spec.replicas", -1, "must be greater than or equal to 0");
    expect(statusInvalid(deployments, "x", [one]).status).toMatchObject({
      message:
        'Deployment.apps "x" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      code: 422,
      reason: "Invalid",
      details: {
        name: "x",
        group: "apps",
        kind: "Deployment",
        causes: [
          {
            reason: "FieldValueInvalid",
            message: "Invalid value: -1: must be greater than or equal to 0",
            field: "spec.replicas",
          },
        ],
      },
    });
    const two = required("spec.selector");
    expect(statusInvalid(pods, "x", [one, two, two]).message).toBe(
      'Pod "x" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.selector: Required value]',
    );
  });

  it("are GantryErrors of the fitting kind", () => {
    const error = statusNotFound(pods, "x");
    expect(error).toBeInstanceOf(GantryError);
    expect(error.kind).toBe("NotFound");
    expect(isStatusError(error, "NotFound")).toBe(true);
    expect(isStatusError(error, "Conflict")).toBe(false);
  });

  it("are made of whatever was thrown", () => {
    expect(toStatus(statusNotFound(pods, "x")).code).toBe(404);
    expect(toStatus(notImplemented("not yet"))).toMatchObject({ code: 501, reason: "NotImplemented" });
    expect(toStatus(new GantryError("DataLoss", "gone"))).toMatchObject({
      code: 500,
      reason: "InternalError",
    });
    expect(toStatus(new Error("bug"))).toMatchObject({ code: 500, message: "Internal error occurred: bug" });
  });
});
