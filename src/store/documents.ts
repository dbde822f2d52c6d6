/** The port to what was issued: numbers without gaps, given once, and what each document says, never changed. */

export type DocumentKind = "receipt" | "invoice" | "credit_note";

export interface NewDocument {
  readonly kind: DocumentKind;
  /** Test orders have series of their own, so that no number of a true document is used up. */
  readonly live: boolean;
  /** What it is for, unique among all documents: the order, or the refund. */
  readonly key: string;
  /** The order's reference. */
  readonly order: string;
  readonly at: Date;
  /** JSON text, frozen. */
  readonly body: string;
}

export interface IssuedDocument extends NewDocument {
  /** From 1 without gaps within its kind and mode. */
  readonly number: number;
}

export interface DocumentStore {
  /** All of one order, by kind and number. */
  ofOrder(order: string): Promise<readonly IssuedDocument[]>;
  /**
   * In one transaction of its own, in which nobody else issues: shows `decide` what the order has, gives what it answers the
   * next numbers in the order given, and returns all that the order has then. `decide` may run again.
   */
  issue(
    order: string,
    decide: (issued: readonly IssuedDocument[]) => readonly NewDocument[],
  ): Promise<readonly IssuedDocument[]>;
}
