import { describe, expect, it } from "vitest";
import { API_SERVER_FLAGS } from "./flag-table.ts";

describe("flags of the API server", () => {
  it("are taken out of a command line", () => {
    const args = ["--detach", "--event-ttl", "2h", "--anonymous-auth", "--audit-log-compress=false", "-d"];
    expect(
      API_SERVER_FLAGS.take([...args, "--service-account-issuer=a", "--service-account-issuer=b=c"]),
    ).toEqual({
      given: {
        "event-ttl": ["2h"],
        "anonymous-auth": ["true"],
        "audit-log-compress": ["false"],
        "service-account-issuer": ["a", "b=c"],
      },
      rest: ["--detach", "-d"],
    });
    expect(() => API_SERVER_FLAGS.take(["--event-ttl"])).toThrow("flag needs an argument: --event-ttl");
  });

  it("have upstream's defaults, all of which are of their type", () => {
    const defaults = API_SERVER_FLAGS.sections
      .flatMap(({ flags }) => flags)
      .flatMap(({ name, default: value }) => (value === undefined ? [] : [[name, [value]]]));
    const values = API_SERVER_FLAGS.read(Object.fromEntries(defaults));
    expect(values.number("max-requests-inflight")).toBe(400);
    expect(values.milliseconds("event-ttl")).toBe(3_600_000);
    expect(values.list("authorization-mode")).toEqual(["Node", "RBAC"]);
    expect(values.flag("anonymous-auth")).toBe(true);
    expect(values.text("tls-cert-file")).toBe("");
  });

  it("are lists where they are repeated or have commas, as their type says", () => {
    const values = API_SERVER_FLAGS.read({
      "api-audiences": ["a,b", '"c,d"', ""],
      "service-account-issuer": ["a,b", "c"],
      "event-ttl": ["1h", "90s"],
    });
    expect(values.list("api-audiences")).toEqual(["a", "b", "c,d"]);
    expect(values.list("service-account-issuer")).toEqual(["a,b", "c"]);
    expect(values.milliseconds("event-ttl")).toBe(90_000);
    expect(new Map(values.all()).get("api-audiences")).toBe("[a,b,c,d]");
  });

  it.each([
    ["audit-log-maxage", "x", 'strconv.ParseInt: parsing "x": invalid syntax'],
    ["audit-webhook-batch-throttle-qps", "", 'strconv.ParseFloat: parsing "": invalid syntax'],
    ["anonymous-auth", "yes", 'strconv.ParseBool: parsing "yes": invalid syntax'],
    ["event-ttl", "5", 'time: missing unit in duration "5"'],
    ["api-audiences", 'a"b', 'parse error on line 1, column 2: bare " in non-quoted-field'],
  ])("--%s=%s is refused", (name, value, problem) => {
    expect(() => API_SERVER_FLAGS.read({ [name]: [value] })).toThrow(
      `invalid argument ${JSON.stringify(value)} for "--${name}" flag: ${problem}`,
    );
  });

  it("may stand in a mapping, with paths from where it lies", () => {
    const given = API_SERVER_FLAGS.fromMapping(
      {
        "event-ttl": "1h",
        "anonymous-auth": false,
        "service-account-key-file": ["a", "/b"],
        "audit-log-path": "-",
      },
      "f",
    );
    expect(API_SERVER_FLAGS.withAbsolutePaths(given, "/etc/x")).toEqual({
      "event-ttl": ["1h"],
      "anonymous-auth": ["false"],
      "service-account-key-file": ["/etc/x/a", "/b"],
      "audit-log-path": ["-"],
    });
    expect(() => API_SERVER_FLAGS.fromMapping({ nosuch: 1 }, "f")).toThrow(
      "f.nosuch: unknown flag: --nosuch",
    );
    expect(() => API_SERVER_FLAGS.fromMapping([], "f")).toThrow("f is not a mapping of flags");
  });

  it("are listed by sections", () => {
    const help = API_SERVER_FLAGS.help();
    expect(help).toContain("Auditing flags:\n\n    --audit-policy-file file\n");
    for (const { name } of API_SERVER_FLAGS.sections.flatMap(({ flags }) => flags))
      expect(help).toContain(`--${name}`);
  });
});
