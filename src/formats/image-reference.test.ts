import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatCanonical, formatFamiliar, parseImageReference, withDefaultTag } from "./image-reference.ts";

const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("image references", () => {
  it.each([
    ["busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    ["busybox:1.36", "docker.io/library/busybox:1.36", "busybox:1.36"],
    ["user/app", "docker.io/user/app:latest", "user/app:latest"],
    ["docker.io/busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    ["index.docker.io/library/busybox", "docker.io/library/busybox:latest", "busybox:latest"],
    ["localhost/app", "localhost/app:latest", "localhost/app:latest"],
    ["localhost:5000/a/b:x", "localhost:5000/a/b:x", "localhost:5000/a/b:x"],
    ["127.0.0.1:5000/shop/web:1.0", "127.0.0.1:5000/shop/web:1.0", "127.0.0.1:5000/shop/web:1.0"],
    ["[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest"],
    ["quay.io/org/app@" + DIGEST, "quay.io/org/app@" + DIGEST, "quay.io/org/app@" + DIGEST],
    [`busybox:1@${DIGEST}`, `docker.io/library/busybox:1@${DIGEST}`, `busybox:1@${DIGEST}`],
    ["UPPER/app", "UPPER/app:latest", "UPPER/app:latest"],
    ["a__b/c-d.e--f", "docker.io/a__b/c-d.e--f:latest", "a__b/c-d.e--f:latest"],
  ])("%s is %s", (text, canonical, familiar) => {
    const reference = withDefaultTag(parseImageReference(text));
    expect(formatCanonical(reference)).toBe(canonical);
    expect(formatFamiliar(reference)).toBe(familiar);
    expect(parseImageReference(canonical)).toEqual(reference);
  });

  it.each([
    ["", "invalid reference format"],
    ["Busybox", "invalid reference format: repository name (library/Busybox) must be lowercase"],
    ["a b", "invalid reference format"],
    ["a:", "invalid reference format"],
    ["a:-x", "invalid reference format"],
    ["-a", "invalid reference format"],
    ["a//b", "invalid reference format"],
    ["a/", "invalid reference format"],
    ["a..b", "invalid reference format"],
    ["../a", "invalid reference format"],
    ["http://x/y", "invalid reference format"],
    ["a@sha256:abc", "invalid reference format"],
    [`a@sha256:${"a".repeat(40)}`, "invalid checksum digest length"],
    [`a@md5:${"a".repeat(32)}`, "unsupported digest algorithm"],
    [`a:${"t".repeat(129)}`, "invalid reference format"],
    ["a".repeat(256), "repository name must not be more than 255 characters"],
    [
      "f".repeat(64),
      `invalid repository name (${"f".repeat(64)}), cannot specify 64-byte hexadecimal strings`,
    ],
  ])("%s is refused", (text, message) => {
    expect(() => parseImageReference(text)).toThrow(message);
  });

  it("never fails otherwise than with its own error, and what it takes it gives back", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ maxLength: 80 }), fc.stringMatching(/^[a-z0-9._/:@-]{0,60}$/)),
        (text) => {
          try {
            const reference = parseImageReference(text);
            expect(parseImageReference(formatCanonical(reference))).toEqual(reference);
            expect(parseImageReference(formatFamiliar(reference))).toEqual(reference);
          } catch (error) {
            expect(error).toMatchObject({ code: "Reference.Invalid" });
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
