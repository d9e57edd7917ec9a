/*
 * Which endpoint is bound where. One port number stands for packets and streams alike, as the
 * transport port has it, so one table serves both.
 */

const FIRST_PICKED_PORT = 49_152;
const LAST_PORT = 65_535;

/** Endpoints by host and port. */
export class PortTable<Endpoint> {
  readonly #hosts = new Map<string, Map<number, Endpoint>>();

  /**
   * Takes a port.
   *
   * @param port - 0 for the lowest free one from 49152 up
   * @returns the port taken, or null when it is in use or none is free
   */
  bind(host: string, port: number, endpoint: Endpoint): number | null {
    const ports = this.#hosts.get(host) ?? new Map<number, Endpoint>();
    const chosen = port === 0 ? lowestFree(ports) : port;
    if (chosen === null || ports.has(chosen)) return null;
    ports.set(chosen, endpoint);
    this.#hosts.set(host, ports);
    return chosen;
  }

  release(host: string, port: number): void {
    const ports = this.#hosts.get(host);
    ports?.delete(port);
    if (ports?.size === 0) this.#hosts.delete(host);
  }

  find(host: string, port: number): Endpoint | undefined {
    return this.#hosts.get(host)?.get(port);
  }
}

function lowestFree(ports: ReadonlyMap<number, unknown>): number | null {
  for (let port = FIRST_PICKED_PORT; port <= LAST_PORT; port += 1) {
    if (!ports.has(port)) return port;
  }
  return null;
}
