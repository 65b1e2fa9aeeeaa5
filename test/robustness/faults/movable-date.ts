// Preloaded (`--import`), it lets the process' wall clock be moved, as if somebody had set it. What is monotonic
// (`performance.now`, timers) goes on as it was.

const RealDate = Date;
let offsetMs = 0;
let driftPerSecond = 0;
let movedAtMs = performance.now();

function nowMs(): number {
  return Math.round(RealDate.now() + offsetMs + (performance.now() - movedAtMs) * driftPerSecond);
}

export function moveClock(to: { offsetMs: number; driftPerSecond: number }): void {
  ({ offsetMs, driftPerSecond } = to);
  movedAtMs = performance.now();
}

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length === 0 ? [nowMs()] : args, made),
  apply: () => new RealDate(nowMs()).toString(),
  get: (target, name) => (name === "now" ? nowMs : Reflect.get(target, name)),
});
