import { expect, it } from "vitest";
import { secretbox } from "./secretbox-transformer.ts";

/** The example of NaCl's own tests (secretbox). */
const KEY = "1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389";
const NONCE = "69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37";
const PLAIN =
  "be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f41db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52f0a089bc76897040e082f937763848645e0705";
const BOX =
  "f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5";

const box = secretbox(Buffer.from(KEY, "hex"));

it("opens what NaCl has closed", () => {
  const { plain, isStale } = box.fromStore(Buffer.from(NONCE + BOX, "hex"), "/registry/secrets/a/b");
  expect([Buffer.from(plain).toString("hex"), isStale]).toEqual([PLAIN, false]);
});

it("opens what it has closed, which is never the same twice, and nothing that was changed", () => {
  const closed = box.toStore(Buffer.from("secret"), "/registry/secrets/a/b");
  expect(box.toStore(Buffer.from("secret"), "/registry/secrets/a/b")).not.toEqual(closed);
  expect(box.fromStore(closed, "/registry/secrets/a/b").plain.toString()).toBe("secret");
  for (const at of [0, 24, closed.length - 1]) {
    const changed = Buffer.from(closed);
    changed[at]! ^= 1;
    expect(() => box.fromStore(changed, "/registry/secrets/a/b")).toThrow("the stored data was corrupted");
  }
  expect(() => box.fromStore(closed.subarray(0, 20), "/registry/secrets/a/b")).toThrow(
    "shorter than the required size",
  );
});
