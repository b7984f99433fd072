/** A simulation cannot be begun or carried on. The message is meant for the person at the terminal. */
export class SimulatorError extends Error {
  override readonly name = 'SimulatorError';
}
