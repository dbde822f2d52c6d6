/** One merchant account at one provider, as configured (config.ts makes these; nothing else reads the environment). */
export interface AccountConfig {
  /** `default`, or a name from ACCOUNTS_FILE: 1 to 40 of a-z 0-9 - _. Part of the URL and of every object's identity. */
  readonly id: string;
  readonly provider: string;
  readonly live: boolean;
  /** Who may be paid: e-mails or merchant ids, lower case. Empty: not checked, and /health says so. */
  readonly receivers: readonly string[];
  /** Stripe Connect: connected accounts whose money counts as ours. */
  readonly merchants: readonly string[];
  readonly orders: "optional" | "required";
  /** By gateway id: event types to acknowledge and ignore; a trailing `*` matches any ending. */
  readonly ignore: Readonly<Record<string, readonly string[]>>;
  /** By gateway id: the fields that may carry the order's reference, first match first. Absent: the gateway's own list. */
  readonly orderFields: Readonly<Record<string, readonly string[]>>;
  /** By gateway id: what that gateway's `settings` schema takes. A gateway without an entry is not served for this account. */
  readonly settings: Readonly<Record<string, unknown>>;
}
