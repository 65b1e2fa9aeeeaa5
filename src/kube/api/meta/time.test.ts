import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeProtobuf, encodeProtobuf } from "../protobuf/envelope.ts";
import { canonicalTime, formatTime, parseTimeParts } from "./time.ts";

describe("times of objects", () => {
  it.each([
    ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z"],
    ["0099-12-31T00:00:00Z", "0099-12-31T00:00:00Z"],
    ["0001-01-01T00:00:02Z", "0001-01-01T00:00:02Z"],
    ["0000-02-29T00:00:00Z", "0000-02-29T00:00:00Z"],
    ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"],
    ["2024-01-01T00:00:00.999999999Z", "2024-01-01T00:00:00Z"],
    ["2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00Z"],
    ["2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"],
    ["2024-01-01T5:04:05-00:30", "2024-01-01T05:34:05Z"],
    ["0001-01-01T00:00:00Z", null],
  ])("%s is %s", (text, canonical) => {
    expect(canonicalTime(text, false)).toBe(canonical);
  });

  it.each([
    ["0001-01-01T00:00:02.000000Z", "0001-01-01T00:00:02.000000Z"],
    ["2024-01-01T00:00:00.000001Z", "2024-01-01T00:00:00.000001Z"],
    ["1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"],
    ["2024-01-01T00:00:00.123456+02:00", "2023-12-31T22:00:00.123456Z"],
    ["0001-01-01T00:00:00.000000Z", null],
  ])("%s is %s in microseconds", (text, canonical) => {
    expect(canonicalTime(text, true)).toBe(canonical);
  });

  const layout = "2006-01-02T15:04:05Z07:00";
  const micro = "2006-01-02T15:04:05.000000Z07:00";
  it.each([
    ["2016-12-31T23:59:60Z", false, 'parsing time "2016-12-31T23:59:60Z": second out of range'],
    ["2023-02-29T00:00:00Z", false, 'parsing time "2023-02-29T00:00:00Z": day out of range'],
    ["2023-13-01T00:00:00Z", false, 'parsing time "2023-13-01T00:00:00Z": month out of range'],
    ["2023-01-01T24:00:00Z", false, 'parsing time "2023-01-01T24:00:00Z": hour out of range'],
    ["2023-01-01T00:60:00Z", false, 'parsing time "2023-01-01T00:60:00Z": minute out of range'],
    ["x", false, `parsing time "x" as "${layout}": cannot parse "x" as "2006"`],
    ["2023-01-01", false, `parsing time "2023-01-01" as "${layout}": cannot parse "" as "T"`],
    [
      "2023-01-01t00:00:00z",
      false,
      `parsing time "2023-01-01t00:00:00z" as "${layout}": cannot parse "t00:00:00z" as "T"`,
    ],
    ["2023-01-01T00:00:00Zx", false, 'parsing time "2023-01-01T00:00:00Zx": extra text: "x"'],
    [
      "2024-01-01T00:00:00Z",
      true,
      `parsing time "2024-01-01T00:00:00Z" as "${micro}": cannot parse "Z" as ".000000"`,
    ],
    [
      "2024-01-01T00:00:00.123Z",
      true,
      `parsing time "2024-01-01T00:00:00.123Z" as "${micro}": cannot parse ".123Z" as ".000000"`,
    ],
    [
      "2024-01-01T00:00:00.1234567Z",
      true,
      `parsing time "2024-01-01T00:00:00.1234567Z" as "${micro}": cannot parse "7Z" as "Z07:00"`,
    ],
  ])("%s is refused (micro: %s): %s", (text, isMicroTime, message) => {
    expect(() => parseTimeParts(text, isMicroTime)).toThrow(message);
  });

  const second = fc.integer({ min: -62_167_219_200, max: 253_402_300_799 });

  it("come back as they are, at all times", () => {
    fc.assert(
      fc.property(second, fc.integer({ min: 0, max: 999_999 }), (seconds, micros) => {
        for (const isMicroTime of [false, true]) {
          const nanos = isMicroTime ? micros * 1000 : 0;
          const text = formatTime(seconds, nanos, isMicroTime);
          if (text === null) continue;
          expect(parseTimeParts(text, isMicroTime)).toEqual({ seconds, nanos });
          expect(canonicalTime(text, isMicroTime)).toBe(text);
        }
      }),
    );
  });

  it("come back from protobuf, at all times", () => {
    fc.assert(
      fc.property(second, fc.integer({ min: 0, max: 999_999 }), (seconds, micros) => {
        const spec = {
          acquireTime: formatTime(seconds, micros * 1000, true),
          renewTime: formatTime(seconds - (seconds % 2), 0, true),
        };
        const metadata = { name: "l", creationTimestamp: formatTime(seconds, 0, false) };
        const lease = { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata, spec };
        expect(decodeProtobuf(encodeProtobuf(lease))).toMatchObject(lease);
      }),
    );
  });

  it("that no date holds are refused, and nanoseconds beyond a second carried", () => {
    expect(() => formatTime(Number.MAX_SAFE_INTEGER, 0, false)).toThrow("out of range");
    expect(formatTime(0, 1_500_000_000, true)).toBe("1970-01-01T00:00:01.500000Z");
    expect(formatTime(0, -1000, true)).toBe("1969-12-31T23:59:59.999999Z");
  });
});
