/** Who wants to know that this process committed something to tell. */
export class Told {
  readonly #listeners = new Set<() => void>();

  /** Returns how to end it. */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
