import { describe, expect, it } from "vitest";
import { CelEnvironment } from "./environment.ts";
import { LANGUAGE } from "./language.table.ts";
import { AUTHORIZER_TYPE } from "./library/authorizer.ts";
import { LIBRARIES } from "./library/libraries.table.ts";
import type { Fact } from "./testing/fact.ts";
import { factOf } from "./testing/outcome.ts";
import { INT, listType, STRING } from "./types/cel-type.ts";

const environment = new CelEnvironment({ variables: { authorizer: AUTHORIZER_TYPE } });

const TABLES: [name: string, facts: Fact[]][] = [
  ["the language", LANGUAGE],
  ["the libraries", LIBRARIES],
];

describe.each(TABLES)("%s", (_name, facts) => {
  it.each(facts)("%s", (...fact) => {
    expect(factOf(environment, fact[0])).toEqual(fact);
  });
});

describe("an environment", () => {
  it("binds variables, and makes those that are functions once, when they are asked for", () => {
    const compiled = new CelEnvironment({ variables: { x: INT, y: INT } }).compile("x > 5 || y + y > 0");
    if (!compiled.ok) throw new Error(compiled.message);
    let made = 0;
    const y = () => {
      made++;
      return 1n;
    };
    expect(compiled.program.evaluate({ x: 6n, y })).toMatchObject({ ok: true, value: true });
    expect(made).toBe(0);
    expect(compiled.program.evaluate({ x: 1n, y })).toMatchObject({ ok: true, value: true });
    expect(made).toBe(1);
  });

  it("takes a variable that is null for one that is there", () => {
    const compiled = new CelEnvironment({ variables: { x: INT } }).compile("[x].all(y, dyn(y) == null)");
    if (!compiled.ok) throw new Error(compiled.message);
    expect(compiled.program.evaluate({ x: null })).toMatchObject({ ok: true, value: true });
    expect(compiled.program.evaluate({})).toMatchObject({ ok: false, error: "no such attribute(s): x" });
  });

  it("checks expressions against the declared types", () => {
    const compiled = new CelEnvironment({ variables: { names: listType(STRING) } }).compile(
      "names.all(n, n > 1)",
    );
    expect(compiled).toMatchObject({
      ok: false,
      message:
        "ERROR: <input>:1:16: found no matching overload for '_>_' applied to '(string, int)'\n | names.all(n, n > 1)\n | ...............^",
    });
  });

  it("offers what its version of Kubernetes has", () => {
    const messageIn = (minor: number, expression: string) => {
      const compiled = new CelEnvironment({ minor }).compile(expression);
      return compiled.ok ? "ok" : compiled.message.split("\n")[0];
    };
    expect(messageIn(27, "optional.of(1).hasValue()")).toContain("undeclared reference to 'optional'");
    expect(messageIn(28, "optional.of(1).hasValue()")).toBe("ok");
    expect(messageIn(27, "1 < 1.5")).toContain("found no matching overload for '_<_'");
    expect(messageIn(28, "duration('x')")).toBe(
      "type conversion error from 'string' to 'google.protobuf.Duration'",
    );
    expect(messageIn(29, "duration('x')")).toContain("invalid duration argument");
    expect(messageIn(31, "[1].all(i, v, true)")).toContain("undeclared reference to 'all'");
    expect(messageIn(32, "[1].all(i, v, true)")).toBe("ok");
  });

  it("ends an evaluation that costs more than it may", () => {
    const list = "[0,1,2,3,4,5,6,7,8,9]";
    const expression = `${list}.all(a, ${list}.all(b, ${list}.all(c, ${list}.all(d, ${list}.all(e, a + b + c + d + e >= 0)))))`;
    const compiled = environment.compile(expression);
    if (!compiled.ok) throw new Error(compiled.message);
    expect(compiled.program.evaluate({}, { costBudget: 10_000 })).toEqual({
      ok: false,
      error: "operation cancelled: actual cost limit exceeded",
      isCancelled: true,
      cost: 10_001,
    });
  });
});
