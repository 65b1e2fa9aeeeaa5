import type { Fact } from "../testing/fact.ts";
import type { CelSchema } from "./cel-schema.ts";

/** The schema of `self` and `oldSelf`. */
export const SCHEMA: CelSchema = {
  type: "object",
  required: ["name"],
  properties: {
    name: {
      type: "string",
      maxLength: 20,
    },
    long: {
      type: "string",
    },
    color: {
      type: "string",
      enum: ["red", "green"],
    },
    n: {
      type: "integer",
    },
    d: {
      type: "number",
    },
    b: {
      type: "boolean",
    },
    when: {
      type: "string",
      format: "date-time",
    },
    day: {
      type: "string",
      format: "date",
    },
    dur: {
      type: "string",
      format: "duration",
    },
    raw: {
      type: "string",
      format: "byte",
    },
    ios: {
      "x-kubernetes-int-or-string": true,
    },
    list: {
      type: "array",
      maxItems: 10,
      items: {
        type: "string",
        maxLength: 5,
      },
    },
    ulist: {
      type: "array",
      items: {
        type: "integer",
      },
    },
    set: {
      type: "array",
      "x-kubernetes-list-type": "set",
      items: {
        type: "string",
      },
    },
    ml: {
      type: "array",
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["k"],
      maxItems: 5,
      items: {
        type: "object",
        properties: {
          k: {
            type: "string",
          },
          v: {
            type: "integer",
          },
        },
      },
    },
    m: {
      type: "object",
      maxProperties: 3,
      additionalProperties: {
        type: "integer",
      },
    },
    um: {
      type: "object",
      additionalProperties: {
        type: "string",
      },
    },
    any: {
      "x-kubernetes-preserve-unknown-fields": true,
    },
    obj: {
      type: "object",
      properties: {
        namespace: {
          type: "string",
        },
        "a-b": {
          type: "integer",
        },
        "x.y": {
          type: "integer",
        },
        in: {
          type: "string",
        },
      },
    },
    emb: {
      type: "object",
      "x-kubernetes-embedded-resource": true,
    },
    nul: {
      type: "string",
      nullable: true,
    },
    objs: {
      type: "array",
      items: {
        type: "object",
        properties: {
          p: {
            type: "array",
            items: {
              type: "string",
            },
          },
        },
      },
    },
  },
};

export const SELF = {
  name: "abc",
  long: "hello world",
  color: "red",
  n: 5,
  d: 2,
  b: true,
  when: "2023-01-02T03:04:05Z",
  day: "2023-01-02",
  dur: "1h",
  raw: "aGk=",
  ios: 5,
  list: ["a", "b"],
  ulist: [1, 2, 3],
  set: ["x", "y"],
  ml: [
    {
      k: "a",
      v: 1,
    },
    {
      k: "b",
      v: 2,
    },
  ],
  m: {
    a: 1,
  },
  um: {
    q: "z",
  },
  any: {
    z: 1,
  },
  obj: {
    namespace: "ns",
    "a-b": 1,
    "x.y": 2,
    in: "i",
  },
  emb: {
    apiVersion: "v1",
    kind: "K",
    metadata: {
      name: "nm",
    },
  },
  nul: null,
  objs: [
    {
      p: ["1", "2"],
    },
  ],
};

/** The same lists of type set and map in another order, and another number. */
export const OLD_SELF = { ...SELF, n: 4, set: ["y", "x"], ml: SELF.ml.toReversed() };

export const SCHEMA_FACTS: Fact[] = [
  ["self.name == 'abc'", "true", 3, 3, 3],
  ["self.name.size() < 5", "true", 4, 4, 4],
  ["self.long.contains('world')", "true", 4, 2, 314575],
  ["self.color in ['red','blue']", "true", 2, 14, 14],
  ["self.n + 1", "6", 3, 3, 3],
  ["self.d * 2.0", "4d", 3, 3, 3],
  ["self.d > 1", "true", 3, 3, 3],
  ["self.b && self.n > 1", "true", 5, 2, 5],
  ["self.when > timestamp('2020-01-01T00:00:00Z')", "true", 3, 4, 4],
  ["self.day.getFullYear()", "2023", 3, 3, 3],
  ["self.dur < duration('2h')", "true", 3, 4, 4],
  ["self.raw == b'hi'", "true", 3, 3, 3],
  ["self.ios == 5", "true", 3, 3, 3],
  ["type(self.ios) == int ? self.ios < 10 : self.ios.size() < 3", "true", 7, 7, 8],
  ["self.list.all(x, x.size() > 0)", "true", 15, 3, 63],
  ["self.list.exists(x, x == 'b')", "true", 15, 3, 63],
  ["self.ulist.all(x, x > 0)", "true", 18, 3, 7864318],
  ["self.ulist.map(x, x * 2).sum()", "12", 48, 13, 23592958],
  ["self.set == oldSelf.set", "true", 5, 5, 104862],
  ["self.set + ['z', 'x']", '["x", "y", "z"]', 3, 13, 13],
  ["self.set + oldSelf.set == self.set", "true", 8, 8, 104865],
  ["self.ml == oldSelf.ml", "true", 5, 5, 5],
  ["self.ml + oldSelf.ml", '[{"k": "a", "v": 1}, {"k": "b", "v": 2}]', 5, 5, 5],
  ["self.ml.filter(x, x.k == 'a')[0].v", "1", 25, 15, 95],
  ["self.ml.exists(x, x.v == 2)", "true", 17, 3, 33],
  ["self.m.all(k, self.m[k] > 0)", "true", 10, 3, 27],
  ["self.m['a']", "1", 3, 3, 3],
  ["self.m.b", "error: no such key: b", 3, 3, 3],
  ["self.um.q", '"z"', 3, 3, 3],
  ["'q' in self.um", "true", 3, 3, 3],
  ["self.um.exists(k, self.um[k] == 'z')", "true", 11, 3, 3538938],
  ["self.any", "ERROR: <input>:1:5: undefined field 'any'\n | self.any\n | ....^"],
  ["self.zzz", "ERROR: <input>:1:5: undefined field 'zzz'\n | self.zzz\n | ....^"],
  ["self.obj.namespace", '"ns"', 3, 3, 3],
  ["self.obj.__namespace__", '"ns"', 3, 3, 3],
  ["self.obj.a__dash__b", "1", 3, 3, 3],
  ["self.obj.x__dot__y", "2", 3, 3, 3],
  ["self.obj.__in__", '"i"', 3, 3, 3],
  ["self.emb.kind", '"K"', 3, 3, 3],
  ["self.emb.metadata.name", '"nm"', 4, 4, 4],
  ["self.emb.foo", "ERROR: <input>:1:9: undefined field 'foo'\n | self.emb.foo\n | ........^"],
  ["has(self.nul)", "false", 1, 1, 1],
  ["self.nul", "error: no such key: nul", 2, 2, 2],
  ["has(self.zzz)", "ERROR: <input>:1:4: undefined field 'zzz'\n | has(self.zzz)\n | ...^"],
  ["has(self.name)", "true", 1, 1, 1],
  ["self.?nul.hasValue()", "false", 2, 3, 3],
  ["self.objs.all(o, o.p.all(p, p.size() < 3))", "true", 21, 3, 6597063475203],
  ["self.objs[0].p[1]", '"2"', 5, 5, 5],
  ["self.list[5]", "error: index out of bounds: 5", 3, 3, 3],
  ["self == oldSelf", "false", 5, 2, 2],
  ["self.obj == oldSelf.obj", "true", 5, 4, 4],
  ["self.list == oldSelf.list", "true", 5, 5, 5],
  ["self.list.join(',')", '"a,b"', 3, 2, 23],
  ["self.long.matches('^[a-z ]*$')", "true", 8, 5, 943721],
  ["self.name.startsWith('a')", "true", 3, 3, 3],
  ["self.long + self.name", '"hello worldabc"', 6, 4, 314585],
  ["self.name + self.name", '"abcabc"', 5, 4, 20],
  ["self.ulist + self.ulist", "[1, 2, 3, 1, 2, 3]", 5, 5, 5],
  ["self.ml.map(x, x.k)", '["a", "b"]', 31, 13, 83],
  ["self.ml.all(x, oldSelf.ml.exists(y, x.k == y.k))", "true", 45, 3, 7864558],
  ["self.ulist.isSorted()", "true", 5, 2, 1572865],
  ["self.list.max()", '"b"', 2, 2, 32],
  ["self.list.indexOf('b')", "1", 2, 2, 32],
  [
    "self.n == 'a'",
    "ERROR: <input>:1:8: found no matching overload for '_==_' applied to '(int, string)'\n | self.n == 'a'\n | .......^",
  ],
  [
    "self.obj + 1",
    "ERROR: <input>:1:10: found no matching overload for '_+_' applied to '(selfType.obj, int)'\n | self.obj + 1\n | .........^",
  ],
  ["self.ml[0].z", "ERROR: <input>:1:11: undefined field 'z'\n | self.ml[0].z\n | ..........^"],
  [
    "self.list.all(x, x > 1)",
    "ERROR: <input>:1:20: found no matching overload for '_>_' applied to '(string, int)'\n | self.list.all(x, x > 1)\n | ...................^",
  ],
  ["self.um.map(k, k)", '["q"]', 16, 13, 5111808],
  ["self.list.transformMap(i, v, {v: i})", '{0: {"a": 0}, 1: {"b": 1}}', 73, 33, 383],
  ["self.um.transformList(k, v, v)", '["z"]', 16, 13, 5111808],
  ["self.m.transformMap(k, v, v + 1)", '{"a": 2}', 8, 33, 48],
  ["self.long.find('w[a-z]+')", '"world"', 6, 4, 629148],
  ["self.long.findAll('[a-z]+')", '["hello", "world"]', 6, 4, 629148],
  ["self.list.filter(x, x != 'a').size() == 1", "true", 22, 15, 165],
  ["self.list.map(x, x + 'abc').exists(x, x.contains('b'))", "true", 41, 14, 224],
  ["self.n > 3 ? self.long : self.name", '"hello world"', 4, 5, 5],
  ["(self.n > 3 ? self.obj : self.obj).namespace", '"ns"', 5, 6, 6],
  ["self.ulist.size() == 3 && self.list.size() == 2 || self.n == 3", "true", 8, 4, 10],
  ["self.list.exists_one(x, x == 'a')", "true", 10, 4, 44],
  ["sets.contains(self.list, ['a'])", "true", 5, 13, 23],
  ["sets.contains(self.set, self.list)", "false", 9, 5, 10485755],
  ["self.metadata.name", "ERROR: <input>:1:5: undefined field 'metadata'\n | self.metadata.name\n | ....^"],
  ["string(self.n) + 'x'", '"5x"', 4, 4, Infinity],
  ["self.ios.startsWith('a')", "error: no such overload", 3, 3, 3],
  ["dyn(self.name).foo", "error: no such key: foo", 5, 3, 3],
  ["self.when.getHours() + self.n", "8", 6, 6, 6],
  ["self.ulist.filter(x, x in [1,2])", "[1, 2]", 32, 13, 40894451],
  [
    "self.um.um.um",
    "ERROR: <input>:1:11: type 'string' does not support field selection\n | self.um.um.um\n | ..........^",
  ],
  ["self.objs.map(o, o.p)[0]", '["1", "2"]', 19, 14, 14680064],
  ["self.objs.map(o, o.p.size()).sum()", "2", 19, 13, 16777213],
  ["self.long == self.long", "true", 6, 5, 314577],
  ["self.raw.size()", "2", 3, 3, 3],
  ["self.long.size() * self.name.size()", "33", 7, 7, 7],
  ["[self.long, self.name].all(x, x.size() > 1)", "true", 27, 21, 27],
  ["{'a': self.long}.a.contains('x')", "false", 36, 33, 33],
  ["self.ml.map(x, {'k': x.k}).all(y, y.k != '')", "true", 102, 14, 259],
  ["self.?obj.?namespace.orValue('') == 'ns'", "true", 4, 5, 5],
  ["self.?list[?0].orValue('')", '"a"', 3, 4, 4],
  ["self.?obj.optMap(o, o.namespace + 'x').orValue('')", '"nsx"', 10, 5, 21],
  ["self.list[0] == self.list[1]", "false", 7, 7, 8],
  ["self.m == {'a': 1}", "true", 3, 33, 33],
  [
    "self.ml == [{'k':'a'}]",
    "ERROR: <input>:1:9: found no matching overload for '_==_' applied to '(list(selfType.ml.@idx), list(map(string, string)))'\n | self.ml == [{'k':'a'}]\n | ........^",
  ],
  ["self.d == 2.0", "true", 3, 2, 2],
  ["self.n / 0 == 1", "error: division by zero", 4, 4, 4],
  ["self.oldSelf", "ERROR: <input>:1:5: undefined field 'oldSelf'\n | self.oldSelf\n | ....^"],
];
