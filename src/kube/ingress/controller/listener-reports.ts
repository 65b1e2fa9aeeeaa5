import type { ListenerReport } from "../proxy-control.ts";

/** How the ports fare, as the proxy has told last. */
export class ListenerReports {
  readonly #byPort = new Map<number, ListenerReport>();

  /** Takes what the proxy tells; returns the ports of which something else is told than before. */
  take(reports: readonly ListenerReport[]): number[] {
    const before = new Map(this.#byPort);
    this.#byPort.clear();
    for (const report of reports) this.#byPort.set(report.port, report);
    const ports = new Set([...before.keys(), ...this.#byPort.keys()]);
    return [...ports].filter(
      (port) =>
        before.has(port) !== this.#byPort.has(port) ||
        before.get(port)?.error !== this.#byPort.get(port)?.error,
    );
  }

  isOpen(port: number): boolean {
    const report = this.#byPort.get(port);
    return report !== undefined && report.error === undefined;
  }

  errorOf(port: number): string | undefined {
    return this.#byPort.get(port)?.error;
  }
}
