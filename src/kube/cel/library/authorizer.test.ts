import { describe, expect, it } from "vitest";
import { CelEnvironment } from "../environment.ts";
import type { AuthorizationCheck, AuthorizationDecision } from "../functions/authorization.ts";
import type { Program } from "../program.ts";
import { AUTHORIZER_TYPE, authorizerValue, RESOURCE_CHECK_TYPE, requestResourceValue } from "./authorizer.ts";

const environment = new CelEnvironment({
  variables: { authorizer: AUTHORIZER_TYPE, "authorizer.requestResource": RESOURCE_CHECK_TYPE },
});
const bindings = {
  authorizer: authorizerValue(),
  "authorizer.requestResource": requestResourceValue({
    group: "apps",
    resource: "deployments",
    subresource: "",
    namespace: "ns",
    name: "web",
  }),
};

function compile(expression: string): Program {
  const compiled = environment.compile(expression);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.program;
}

/** Allows `get` and nothing else, and remembers what was asked. */
async function ask(expression: string) {
  const asked: AuthorizationCheck[] = [];
  const authorize = async (check: AuthorizationCheck): Promise<AuthorizationDecision> => {
    asked.push(check);
    return { allowed: check.verb === "get", reason: `told of ${check.verb}` };
  };
  return { evaluation: await compile(expression).evaluateWith(authorize, bindings), asked };
}

describe("authorization checks in expressions", () => {
  it("asks about a resource with all that was said of it", async () => {
    const { evaluation, asked } = await ask(
      "authorizer.group('apps').resource('pods').subresource('log').namespace('ns').name('a').fieldSelector('a=b').labelSelector('c').check('get').allowed()",
    );
    expect(evaluation).toEqual({ ok: true, value: true, cost: 350_179 });
    const details = {
      subresource: "log",
      namespace: "ns",
      name: "a",
      fieldSelector: "a=b",
      labelSelector: "c",
    };
    expect(asked).toEqual([{ group: "apps", resource: "pods", ...details, verb: "get" }]);
  });

  it("asks about paths, and on behalf of service accounts", async () => {
    const { evaluation, asked } = await ask(
      "authorizer.serviceAccount('ns', 'sa').path('/healthz').check('put').reason()",
    );
    expect(evaluation).toMatchObject({ ok: true, value: "told of put" });
    expect(asked).toEqual([
      { serviceAccount: { namespace: "ns", name: "sa" }, path: "/healthz", verb: "put" },
    ]);
  });

  it("knows what the request is about", async () => {
    const { evaluation, asked } = await ask("authorizer.requestResource.check('custom').allowed()");
    expect(evaluation).toMatchObject({ ok: true, value: false });
    expect(asked).toMatchObject([{ group: "apps", resource: "deployments", namespace: "ns", name: "web" }]);
  });

  it("asks each question once, and only those whose answers matter", async () => {
    const check = (verb: string) => `authorizer.path('/a').check('${verb}').allowed()`;
    const { evaluation, asked } = await ask(
      `${check("put")} || ${check("get")} || ${check("put")} || ${check("list")}`,
    );
    expect(evaluation).toMatchObject({ ok: true, value: true });
    expect(asked.map(({ verb }) => verb)).toEqual(["put", "get"]);
  });

  it("pays for two checks and not for three", async () => {
    const check = (verb: string) => `!authorizer.path('/a').check('${verb}').allowed()`;
    const { evaluation } = await ask(`${check("a")} && ${check("b")} && ${check("c")}`);
    expect(evaluation).toMatchObject({
      ok: false,
      error: "operation cancelled: actual cost limit exceeded",
      isCancelled: true,
    });
  });

  it("lets an expression tell a check that failed from one that was denied", async () => {
    const program = compile("authorizer.path('/a').check('get').errored() ? 'failed' : 'denied'");
    const failing = async () => ({ allowed: false, reason: "", error: "no answer" });
    expect(await program.evaluateWith(failing, bindings)).toMatchObject({ ok: true, value: "failed" });
  });

  it.each([
    ["authorizer.path(' ').check('get').allowed()", "path must not be empty"],
    ["authorizer.group('').resource('').check('get').allowed()", "resource must not be empty"],
    ["authorizer.serviceAccount('ns', 'A').path('/').check('get').allowed()", "Invalid service account name"],
    [
      "authorizer.serviceAccount('n.s', 'a').path('/').check('get').allowed()",
      "Invalid service account namespace",
    ],
  ])("refuses %s", async (expression, error) => {
    expect((await ask(expression)).evaluation).toMatchObject({ ok: false, error });
  });

  it("ends when it is told to", async () => {
    const signal = AbortSignal.abort(new Error("too late"));
    const program = compile("authorizer.path('/a').check('get').allowed()");
    await expect(program.evaluateWith(() => Promise.reject(), bindings, { signal })).rejects.toThrow(
      "too late",
    );
  });
});
