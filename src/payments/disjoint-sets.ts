/** Union-find with path halving: near-linear in the number of edges. */
export class DisjointSets {
  readonly #parents = new Map<string, string>();

  add(key: string): void {
    if (!this.#parents.has(key)) this.#parents.set(key, key);
  }

  keys(): Iterable<string> {
    return this.#parents.keys();
  }

  /** The key that stands for the whole set; a key that was never added stands for itself. */
  find(key: string): string {
    let at = key;
    for (;;) {
      const parent = this.#parents.get(at) ?? at;
      if (parent === at) return at;
      const grandparent = this.#parents.get(parent) ?? parent;
      this.#parents.set(at, grandparent);
      at = grandparent;
    }
  }

  union(left: string, right: string): void {
    this.add(left);
    this.add(right);
    this.#parents.set(this.find(left), this.find(right));
  }
}
