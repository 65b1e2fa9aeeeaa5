import { describe, expect, it } from "vitest";
import { stringFormat } from "./string-formats.ts";

const TABLE: Record<string, { good: string[]; bad: string[] }> = {
  "date-time": {
    good: ["2024-01-01T00:00:00Z", "2024-01-01t23:59:59.123+01:00"],
    bad: ["2024-01-01", "2024-01-01T24:00:00Z", "2024-02-30T00:00:00Z", "2024-01-01T00:00:00"],
  },
  date: { good: ["2024-02-29"], bad: ["2023-02-29", "2024-1-1", ""] },
  duration: { good: ["1h30m", "22 ns", "3 days", "2 Hours 5 mins"], bad: ["", "1 parsec", "h"] },
  byte: { good: ["YQ==", "YWJj"], bad: ["", "YQ", "Y*=="] },
  ipv4: { good: ["1.2.3.4", "::ffff:1.2.3.4"], bad: ["1.2.3", "::1", "1.2.3.256"] },
  ipv6: { good: ["::1", "2001:db8::1"], bad: ["1.2.3.4", "::1%eth0", ":::"] },
  cidr: { good: ["10.0.0.0/8", "::/0"], bad: ["10.0.0.0", "10.0.0.0/33"] },
  uri: { good: ["https://a/b", "/p"], bad: ["a b", "", "x"] },
  hostname: { good: ["a", "example.com", "xn--a.org"], bad: ["", "-a", "a..b", "a_b"] },
  email: { good: ["a@b", "N <a.b@c.d>"], bad: ["a", "a@", "@b", "a b@c"] },
  mac: {
    good: ["01:23:45:67:89:ab", "01-23-45-67-89-AB", "0123.4567.89ab"],
    bad: ["01:23:45", "01:23-45:67:89:ab"],
  },
  uuid: {
    good: ["6ba7b810-9dad-11d1-80b4-00c04fd430c8", "6BA7B8109DAD11D180B400C04FD430C8"],
    bad: ["6ba7b810"],
  },
  uuid4: { good: ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"], bad: ["6ba7b810-9dad-11d1-80b4-00c04fd430c8"] },
  isbn10: { good: ["0321751043", "0-321-75104-3"], bad: ["0321751044"] },
  isbn13: { good: ["978-0321751041"], bad: ["978-0321751042"] },
  creditcard: { good: ["4111 1111 1111 1111"], bad: ["4111 1111 1111 1112", "1"] },
  ssn: { good: ["111-22-3333"], bad: ["111223333"] },
  hexcolor: { good: ["#fff", "A1B2C3"], bad: ["#ffff"] },
  rgbcolor: { good: ["rgb(0, 255,7)"], bad: ["rgb(0,256,7)", "rgb(1,2)"] },
  bsonobjectid: { good: ["507f1f77bcf86cd799439011"], bad: ["507f"] },
  password: { good: ["", "x"], bad: [] },
};

describe("formats", () => {
  it.each(Object.entries(TABLE))("%s", (name, { good, bad }) => {
    const test = stringFormat(name)!;
    expect(good.filter((text) => !test(text))).toEqual([]);
    expect(bad.filter(test)).toEqual([]);
  });

  it("that are not known are not checked", () => {
    expect(["int32", "odd", "", undefined].map(stringFormat)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
