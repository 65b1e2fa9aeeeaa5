import { describe, expect, it } from "vitest";
import { parseEtcdAddress } from "./store-address.ts";

describe("the address of an etcd store", () => {
  it("names members, prefix and user", () => {
    expect(parseEtcdAddress("etcd://a:1,b,[::1]:3")).toEqual({
      endpoints: ["a:1", "b:2379", "[::1]:3"],
      prefix: "/gantry/",
    });
    expect(parseEtcdAddress("etcd://me:p%40ss@a:1/mine")).toEqual({
      endpoints: ["a:1"],
      prefix: "/mine/",
      user: { name: "me", password: "p@ss" },
    });
    expect(parseEtcdAddress("etcds://a:1/")).toEqual({ endpoints: ["a:1"], prefix: "/gantry/", tls: {} });
    expect(parseEtcdAddress(`etcd://a?ca=${import.meta.filename}`).tls?.ca).toContain(
      "the address of an etcd store",
    );
  });

  it("refuses what it cannot read, without telling a password", () => {
    for (const text of [
      "http://a:1",
      "etcd://",
      "etcd://me@a:1",
      "etcd://a?x=1",
      "etcd://a?ca=/nowhere",
      "etcd://%zz:a@b",
    ]) {
      expect(() => parseEtcdAddress(text), text).toThrow(
        expect.objectContaining({ code: "Store.BadAddress" }),
      );
    }
    expect(() => parseEtcdAddress("etcd://me:secret@a:1?x=1")).toThrow(expect.not.stringContaining("secret"));
  });
});
