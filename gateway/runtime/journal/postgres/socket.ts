/** The socket of a connection: what is asked during one turn of the event loop leaves in one write. */
import { Socket } from 'node:net';

/**
 * The driver corks its socket for each statement and uncorks it after it, which is a system call for each. A
 * transaction's statements are asked together, so here the cork stays until all that runs now has run.
 */
export class GatheringSocket extends Socket {
  #isGathering = false;

  override cork(): void {
    if (this.#isGathering) return;
    this.#isGathering = true;
    super.cork();
    setImmediate(() => {
      this.#isGathering = false;
      super.uncork();
    });
  }

  override uncork(): void {
    // Done by the one that corked.
  }
}
