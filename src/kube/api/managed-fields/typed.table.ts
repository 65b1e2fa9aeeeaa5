/** What does not fit: a spec, and what is said of it. */
export const MISFITS: [spec: unknown, message: string][] = [
  [{ nope: 1 }, ".spec.nope: field not declared in schema"],
  [{ nest: { nope: 1 } }, ".spec.nest.nope: field not declared in schema"],
  [{ whole: { nope: 1 } }, ".spec.whole.nope: field not declared in schema"],
  [{ color: 5 }, ".spec.color: expected string, got &value.valueUnstructured{Value:5}"],
  [{ color: 1_500_000 }, ".spec.color: expected string, got &value.valueUnstructured{Value:1.5e+06}"],
  [{ color: true }, ".spec.color: expected string, got &value.valueUnstructured{Value:true}"],
  [
    { color: { b: ["x", null], a: 1 } },
    '.spec.color: expected string, got &value.valueUnstructured{Value:map[string]interface {}{"a":1, "b":[]interface {}{"x", interface {}(nil)}}}',
  ],
  [{ max: "x" }, ".spec.max: expected numeric (int or float), got string"],
  [{ max: {} }, ".spec.max: expected numeric (int or float), got map[string]interface {}"],
  [{ on: "true" }, ".spec.on: expected boolean, got &{true}"],
  [{ free: { a: 1 } }, ".spec.free: expected any scalar, got &{map[a:1]}"],
  [{ nest: 5 }, ".spec.nest: expected map, got &{5}"],
  [{ nest: ["a", 1_000_000] }, ".spec.nest: expected map, got &{[a 1e+06]}"],
  [{ tags: "a" }, ".spec.tags: expected list, got &{a}"],
  [{ args: { a: "b" } }, ".spec.args: expected list, got &{map[a:b]}"],
  [{ args: ["a", 1] }, ".spec.args[1]: expected string, got &value.valueUnstructured{Value:1}"],
  [{ labels: { a: 1 } }, ".spec.labels.a: expected string, got &value.valueUnstructured{Value:1}"],
  [{ tags: ["a", "b", "a"] }, '.spec.tags: duplicate entries for key [="a"]'],
  [
    { tags: [null] },
    ".spec.tags: element 0: associative list without keys has an element that's an explicit null",
  ],
  [
    { tags: ["a", {}] },
    ".spec.tags: element 1: associative list without keys has an element that's a map type",
  ],
  [{ tags: [[]] }, ".spec.tags: element 0: not supported: associative list with lists as elements"],
  [{ items: [{ name: "q" }, { name: "q" }] }, '.spec.items: duplicate entries for key [name="q"]'],
  [
    { items: [{ v: "q" }] },
    '.spec.items: element 0: associative list with keys has an element that omits key field "name" (and doesn\'t have default value)',
  ],
  [{ items: [null] }, ".spec.items: element 0: associative list with keys may not have a null element"],
  [{ items: ["a"] }, ".spec.items: element 0: associative list with keys may not have non-map elements"],
  [
    { items: [{ name: "x", port: "y" }] },
    '.spec.items[name="x"].port: expected numeric (int or float), got string',
  ],
  [
    { ports: [{ port: 80 }, { port: 80, v: "TCP" }] },
    '.spec.ports: duplicate entries for key [port=80,v="TCP"]',
  ],
  [
    { max: "x", color: 1 },
    "errors:\n  .spec.max: expected numeric (int or float), got string\n  .spec.color: expected string, got &value.valueUnstructured{Value:1}",
  ],
];

/** What fits, and what a configuration says with it (FieldsV1 below `f:spec`). */
export const SAID: [spec: unknown, fields: object][] = [
  [
    { color: "red", max: 1.5, on: false, free: "1Gi" },
    { "f:color": {}, "f:free": {}, "f:max": {}, "f:on": {} },
  ],
  [
    { color: null, nest: null, tags: null },
    { "f:color": {}, "f:nest": {}, "f:tags": {} },
  ],
  [
    { nest: {}, labels: {}, any: {} },
    { "f:any": {}, "f:labels": {}, "f:nest": {} },
  ],
  [{ tags: [], items: [] }, {}],
  [{ nest: { a: "1", deep: { x: "2" } } }, { "f:nest": { "f:a": {}, "f:deep": { "f:x": {} } } }],
  [{ tags: ["b", "a"] }, { "f:tags": { 'v:"a"': {}, 'v:"b"': {} } }],
  [
    { items: [{ name: "x", v: "1" }] },
    { "f:items": { 'k:{"name":"x"}': { ".": {}, "f:name": {}, "f:v": {} } } },
  ],
  [
    { ports: [{ port: 80 }, { port: 80, v: "UDP" }] },
    {
      "f:ports": {
        'k:{"port":80,"v":"TCP"}': { ".": {}, "f:port": {} },
        'k:{"port":80,"v":"UDP"}': { ".": {}, "f:port": {}, "f:v": {} },
      },
    },
  ],
  [
    { args: ["a"], whole: { a: "1" } },
    { "f:args": {}, "f:whole": {} },
  ],
  [{ labels: { a: "1" } }, { "f:labels": { "f:a": {} } }],
  [
    { any: { a: { b: [1, { c: 2 }] }, d: 1, e: {}, f: null } },
    { "f:any": { "f:a": { ".": {}, "f:b": {} }, "f:d": {}, "f:e": {}, "f:f": {} } },
  ],
];

interface Change {
  added?: object;
  modified?: object;
  removed?: object;
}

/** Two specs, and how the first becomes the second (FieldsV1 below `f:spec`). */
export const CHANGES: [before: unknown, after: unknown, change: Change][] = [
  [
    { color: "a", max: 1 },
    { color: "b", on: true },
    { added: { "f:on": {} }, modified: { "f:color": {} }, removed: { "f:max": {} } },
  ],
  [{ max: 1 }, { max: 1 }, {}],
  [{ color: null }, { color: "a" }, { modified: { "f:color": {} } }],
  [{ nest: {} }, { nest: null }, { modified: { "f:nest": {} } }],
  [{}, { nest: { a: "1" } }, { added: { "f:nest": { ".": {}, "f:a": {} } } }],
  [{ nest: { a: "1" } }, {}, { removed: { "f:nest": { ".": {}, "f:a": {} } } }],
  [{ nest: {} }, { nest: { a: "1" } }, { added: { "f:nest": { "f:a": {} } } }],
  [{ tags: null }, { tags: ["a"] }, { added: { "f:tags": { 'v:"a"': {} } } }],
  [
    { tags: ["a", "b"] },
    { tags: ["c", "b"] },
    { added: { "f:tags": { 'v:"c"': {} } }, removed: { "f:tags": { 'v:"a"': {} } } },
  ],
  [{ tags: ["a", "b"] }, { tags: ["b", "a"] }, {}],
  [{ tags: ["a"] }, { tags: [] }, { removed: { "f:tags": { 'v:"a"': {} } } }],
  [{ tags: [] }, { tags: null }, { modified: { "f:tags": {} } }],
  [
    { tags: ["a"] },
    { tags: ["a", "a"] },
    { added: { "f:tags": { 'v:"a"': {} } }, removed: { "f:tags": { 'v:"a"': {} } } },
  ],
  [
    { tags: ["a", "a"] },
    { tags: ["a"] },
    { added: { "f:tags": { 'v:"a"': {} } }, removed: { "f:tags": { 'v:"a"': {} } } },
  ],
  [{ tags: ["a", "a"] }, { tags: ["a", "a", "a"] }, { modified: { "f:tags": { 'v:"a"': {} } } }],
  [{ tags: ["a", "a"] }, { tags: ["a", "a"] }, {}],
  [{}, { tags: ["a", "a"] }, { added: { "f:tags": { ".": {}, 'v:"a"': {} } } }],
  [
    { items: [{ name: "x", v: "1" }, { name: "y" }] },
    { items: [{ name: "z" }, { name: "x", v: "2" }] },
    {
      added: { "f:items": { 'k:{"name":"z"}': { ".": {}, "f:name": {} } } },
      modified: { "f:items": { 'k:{"name":"x"}': { "f:v": {} } } },
      removed: { "f:items": { 'k:{"name":"y"}': { ".": {}, "f:name": {} } } },
    },
  ],
  [{ args: ["a", "b"] }, { args: ["b", "a"] }, { modified: { "f:args": {} } }],
  [{ whole: { a: "1" } }, { whole: { b: "1" } }, { modified: { "f:whole": {} } }],
  [
    { any: { a: 1 } },
    { any: { a: { b: 1 } } },
    { added: { "f:any": { "f:a": { "f:b": {} } } }, modified: { "f:any": { "f:a": {} } } },
  ],
  [
    { any: { a: { b: 1 } } },
    { any: { a: "x" } },
    { modified: { "f:any": { "f:a": {} } }, removed: { "f:any": { "f:a": { "f:b": {} } } } },
  ],
  [{ any: { a: [1] } }, { any: { a: [2] } }, { modified: { "f:any": { "f:a": {} } } }],
  [{ any: { a: null } }, { any: { a: { b: 1 } } }, { added: { "f:any": { "f:a": { "f:b": {} } } } }],
];

const item = (name: string, v?: string) => (v === undefined ? { name } : { name, v });

/** A spec, a configuration, and the one laid over the other. `same`: nothing changes. */
export const MERGES: [spec: unknown, config: unknown, merged: unknown | "same"][] = [
  [{ color: "a", max: 1 }, { color: "b" }, { color: "b", max: 1 }],
  [{ color: "a", max: 1 }, { color: "a" }, "same"],
  [{ color: "a" }, { color: null }, { color: null }],
  [{ nest: { a: "1" } }, { nest: { deep: { y: 2 } } }, { nest: { a: "1", deep: { y: 2 } } }],
  [{ nest: { a: "1" } }, { nest: {} }, "same"],
  [{ nest: { a: "1" } }, { nest: null }, "same"],
  [{ nest: {} }, { nest: null }, { nest: null }],
  [{ nest: null }, { nest: { a: "1" } }, { nest: { a: "1" } }],
  [{ labels: { a: "1" } }, { labels: { b: "2" } }, { labels: { a: "1", b: "2" } }],
  [{ labels: {} }, { labels: { constructor: "1" } }, { labels: { constructor: "1" } }],
  [{ whole: { a: "1" } }, { whole: { b: "2" } }, { whole: { b: "2" } }],
  [{ whole: { a: "1", b: "2" } }, { whole: { b: "2", a: "1" } }, "same"],
  [{ args: ["a"] }, { args: [] }, { args: [] }],
  [{ args: ["a"] }, { args: null }, { args: null }],
  [{ tags: ["a"] }, { tags: [] }, "same"],
  [{ tags: ["a"] }, { tags: null }, "same"],
  [{ tags: [] }, { tags: null }, { tags: null }],
  [{ tags: ["a", "b"] }, { tags: ["c"] }, { tags: ["a", "b", "c"] }],
  [{ tags: ["a", "b"] }, { tags: ["b", "a"] }, { tags: ["b", "a"] }],
  [{ tags: ["a", "b", "c"] }, { tags: ["c", "a"] }, { tags: ["b", "c", "a"] }],
  [{ tags: ["a", "b", "c", "d"] }, { tags: ["x", "b", "y", "d"] }, { tags: ["a", "x", "b", "c", "y", "d"] }],
  [{ tags: ["a", "b"] }, { tags: ["x", "a", "y"] }, { tags: ["x", "a", "b", "y"] }],
  [{ tags: ["a", "b", "a"] }, { tags: ["c"] }, { tags: ["a", "b", "a", "c"] }],
  [{ tags: ["a", "b", "a"] }, { tags: ["a"] }, { tags: ["a", "b"] }],
  [
    { items: [item("x", "1"), item("y")] },
    { items: [item("y", "2"), item("z")] },
    { items: [item("x", "1"), item("y", "2"), item("z")] },
  ],
  [{ items: [item("x", "1")] }, { items: [item("x", "1")] }, "same"],
  [
    { ports: [{ port: 80, v: "TCP" }] },
    { ports: [{ port: 80, name: "n" }] },
    { ports: [{ port: 80, v: "TCP", name: "n" }] },
  ],
  [
    { any: { a: { b: 1 }, c: [1] } },
    { any: { a: { d: 2 }, c: [2] } },
    { any: { a: { b: 1, d: 2 }, c: [2] } },
  ],
  [{ any: { a: { b: 1 } } }, { any: { a: 5 } }, { any: { a: 5 } }],
  [{ any: { a: 5 } }, { any: { a: { b: 1 } } }, { any: { a: { b: 1 } } }],
  [{ any: { a: [1] } }, { any: { a: null } }, { any: { a: null } }],
];

/** A spec, what is taken out (FieldsV1 below `f:spec`), and what is left. `same`: nothing changes. */
export const REMOVALS: [spec: unknown, fields: object, left: unknown | "same"][] = [
  [{ color: "a", max: 1 }, { "f:color": {} }, { max: 1 }],
  [{ color: "a" }, { "f:color": {} }, null],
  [{ color: "a" }, { "f:max": {}, "f:tags": { 'v:"a"': {} } }, "same"],
  [{ tags: ["a", "b"] }, { "f:tags": { 'v:"a"': {} } }, { tags: ["b"] }],
  [{ tags: ["a"] }, { "f:tags": { 'v:"a"': {} } }, { tags: null }],
  [
    { nest: { a: "1", deep: { x: "1" } } },
    { "f:nest": { "f:deep": { "f:x": {} } } },
    { nest: { a: "1", deep: null } },
  ],
  [{ items: [item("x", "1"), item("y")] }, { "f:items": { 'k:{"name":"x"}': {} } }, { items: [item("y")] }],
  [{ items: [item("x", "1")] }, { "f:items": { 'k:{"name":"x"}': { "f:v": {} } } }, { items: [item("x")] }],
  [{ args: ["a"], max: 1 }, { "f:args": { "i:0": {} } }, { args: null, max: 1 }],
  [{ any: { a: { b: 1, c: 2 } } }, { "f:any": { "f:a": { "f:b": {} } } }, { any: { a: { c: 2 } } }],
];
