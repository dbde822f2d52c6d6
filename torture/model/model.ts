/**
 * The plain reference: what really happened at the provider and in the shop, told once and in order, in a book that is simply
 * written on. It knows nothing of notifications, facts, duplicates or orders of arrival, and shares no code with the service.
 * What the service makes of the shuffled and repeated notifications has to come to the same end. Amounts are minor units.
 */
export type Happening = PaymentHappening | OrderHappening;

type PaymentHappening =
  | { readonly what: "attempted"; readonly payment: string; readonly status: AttemptStatus }
  /** `purchase`: what is told paid once, however many captures it has. `subscription`: whose period it pays. */
  | {
      readonly what: "captured";
      readonly payment: string;
      readonly capture: string;
      readonly purchase: string;
      readonly amount: number;
      readonly subscription?: string;
    }
  | { readonly what: "capture_failed"; readonly payment: string; readonly capture: string }
  | { readonly what: "refunded"; readonly payment: string; readonly refund: string; readonly amount: number }
  | { readonly what: "refund_failed"; readonly payment: string; readonly refund: string }
  | { readonly what: "disputed"; readonly payment: string; readonly dispute: string; readonly amount: number }
  | { readonly what: "dispute_won" | "dispute_lost"; readonly payment: string; readonly dispute: string };

/** What the merchant, or the order's deadline, does. `let_in`, `turned_away`: a person's word on one payment. */
type OrderHappening =
  | { readonly what: "total_changed"; readonly total: number }
  | { readonly what: "canceled" | "expired" }
  | { readonly what: "let_in" | "turned_away"; readonly counted: string };

export type AttemptStatus = "pending" | "requires_action" | "authorized" | "failed" | "canceled" | "expired";

/** What the merchant registered; null where nobody ever does. */
export interface Expected {
  readonly reference: string;
  readonly total: number;
  readonly mode: "exact" | "several";
  /** The first payment pays the order, later ones of a subscription its periods. */
  readonly isRecurring: boolean;
  readonly isRegistered: boolean;
  /** Payments that name it and must never count, whatever their amount: another currency, somebody else's money. */
  readonly neverCount: readonly string[];
}

export interface PaymentEnd {
  readonly status: string;
  readonly captured: number;
  readonly refunded: number;
  readonly disputed: number;
  readonly chargedBack: number;
  readonly subscription: string | null;
}

export interface OrderEnd {
  readonly status: string;
  readonly paid: number;
  readonly refunded: number;
  readonly lost: number;
  readonly fulfillable: boolean;
}

export interface End {
  readonly payments: ReadonlyMap<string, PaymentEnd>;
  readonly order: OrderEnd;
  /** Milestones by type: how often each is told, of the payments and of the order together. */
  readonly told: ReadonlyMap<string, number>;
  /** What each account holds in the end, of the payments and of the order together: debits less credits. */
  readonly ledger: ReadonlyMap<string, number>;
}

interface Book {
  attempt: string;
  subscription: string | null;
  readonly captures: Map<string, number>;
  readonly refunds: Map<string, number>;
  readonly disputes: Map<string, { readonly amount: number; fate: "open" | "won" | "lost" }>;
  everCaptured: number;
  everRefunded: number;
  /** Its money came when the order was closed already. */
  isLate: boolean;
}

/** The order's own page. */
interface Page {
  readonly expected: Expected;
  /** Each total that was ever expected, the present one last. */
  readonly totals: number[];
  closed: "canceled" | "expired" | null;
  readonly letIn: Set<string>;
  readonly turnedAway: Set<string>;
  /** Whether the last that was told is that it is paid. */
  isPaid: boolean;
}

type Tell = (type: string) => void;

export function replay(happenings: readonly Happening[], expected: Expected): End {
  const books = new Map<string, Book>();
  const page = newPage(expected);
  const told = new Map<string, number>();
  const purchases = new Set<string>();
  const tell: Tell = (type) => void told.set(type, (told.get(type) ?? 0) + 1);
  const tellOnce: Tell = (type) => void told.set(type, 1);

  for (const happening of happenings) {
    if (isOrders(happening)) decide(page, happening, tell);
    else {
      const book = books.get(happening.payment) ?? newBook();
      books.set(happening.payment, book);
      if (happening.what === "captured" && book.everCaptured === 0) book.isLate = page.closed !== null;
      write(book, happening, (type) => {
        if (type !== "payment.paid") return tell(type);
        const purchase = happening.what === "captured" ? happening.purchase : "";
        if (!purchases.has(purchase)) tell(type);
        purchases.add(purchase);
      });
    }
    tellTurn(page, books, tell);
    tellOrder(page, books, tellOnce);
  }
  const payments = new Map([...books].map(([name, book]) => [name, endOf(book)]));
  return { payments, order: orderEnd(page, books), told, ledger: ledgerOf(page, books) };
}

function isOrders(happening: Happening): happening is OrderHappening {
  return !("payment" in happening);
}

function newPage(expected: Expected): Page {
  return {
    expected,
    totals: [expected.total],
    closed: null,
    letIn: new Set(),
    turnedAway: new Set(),
    isPaid: false,
  };
}

function newBook(): Book {
  return {
    attempt: "pending",
    subscription: null,
    captures: new Map(),
    refunds: new Map(),
    disputes: new Map(),
    everCaptured: 0,
    everRefunded: 0,
    isLate: false,
  };
}

function decide(page: Page, happening: OrderHappening, tell: Tell): void {
  switch (happening.what) {
    case "total_changed":
      page.totals.push(happening.total);
      return;
    case "canceled":
      page.closed = "canceled";
      tell("order.canceled");
      return;
    case "expired":
      page.closed = "expired";
      return;
    case "let_in":
      page.letIn.add(happening.counted);
      return;
    case "turned_away":
      page.turnedAway.add(happening.counted);
      return;
  }
}

function write(book: Book, happening: PaymentHappening, tell: Tell): void {
  switch (happening.what) {
    case "attempted":
      book.attempt = happening.status;
      return;
    case "captured":
      book.captures.set(happening.capture, happening.amount);
      book.everCaptured += happening.amount;
      book.subscription = happening.subscription ?? null;
      tell("payment.paid");
      return;
    case "capture_failed":
      book.captures.delete(happening.capture);
      book.attempt = "failed";
      return;
    case "refunded":
      book.refunds.set(happening.refund, happening.amount);
      book.everRefunded += happening.amount;
      tell("payment.refunded");
      return;
    case "refund_failed":
      book.refunds.delete(happening.refund);
      tell("payment.refund_failed");
      return;
    case "disputed":
      book.disputes.set(happening.dispute, { amount: happening.amount, fate: "open" });
      tell("payment.disputed");
      return;
    case "dispute_won":
    case "dispute_lost": {
      const dispute = book.disputes.get(happening.dispute);
      if (dispute === undefined) throw new Error(`${happening.dispute} was never opened`);
      dispute.fate = happening.what === "dispute_won" ? "won" : "lost";
      tell(`payment.${happening.what}`);
      return;
    }
  }
}

function endOf(book: Book): PaymentEnd {
  const captured = total(book.captures.values());
  const refunded = total(book.refunds.values());
  const disputed = disputedAs(book, "open");
  const chargedBack = disputedAs(book, "lost");
  const rest = { captured, refunded, disputed, chargedBack, subscription: book.subscription };
  // A correction that takes money off without naming where it had come from.
  if (captured === 0) return { status: refunded > 0 ? "refunded" : book.attempt, ...rest };
  if (disputed > 0) return { status: "disputed", ...rest };
  if (chargedBack > 0) return { status: "charged_back", ...rest };
  if (refunded === captured) return { status: "refunded", ...rest };
  return { status: refunded > 0 ? "partially_refunded" : "paid", ...rest };
}

/** The books of the payments that are summed for the order: one after the other, as their money came. */
function countedIn(page: Page, books: ReadonlyMap<string, Book>): readonly Book[] {
  const counted: Book[] = [];
  for (const [name, book] of books) {
    const isPeriod = page.expected.isRecurring && counted.length > 0 && book.subscription !== null;
    if (!isPeriod && counts(page, name, book, capturedOf(counted))) counted.push(book);
  }
  return counted;
}

/** `before`: what the payments before it captured. No story pays a former total after it was changed. */
function counts({ expected, totals, letIn, turnedAway }: Page, name: string, book: Book, before: number): boolean {
  if (!expected.isRegistered || turnedAway.has(name)) return false;
  if (letIn.has(name) || isByHand(name)) return true;
  if (book.isLate || expected.neverCount.includes(name)) return false;
  const rest = before > 0 ? last(totals) - before : 0;
  return expected.mode === "several" || totals.includes(book.everCaptured) || book.everCaptured === rest;
}

/** Money that the merchant recorded: a person has looked at it. */
function isByHand(name: string): boolean {
  return name.startsWith("outside/");
}

/** Double entry as a bookkeeper would have it at the end of the day. Fees are a part of the cash. */
function ledgerOf(page: Page, books: ReadonlyMap<string, Book>): ReadonlyMap<string, number> {
  const ends = [...books].map(([name, book]) => ({ ...endOf(book), counts: isTaken(page, books, name, book) }));
  const sum = (of: (end: (typeof ends)[number]) => number): number => total(ends.map(of));
  const taken = sum((end) => (end.counts ? end.captured : 0));
  const { status, paid, refunded } = orderEnd(page, books);
  const isClosed = status === "canceled" || status === "expired";
  const due = page.expected.isRegistered ? last(page.totals) + taken - paid : 0;
  const sold = isClosed ? taken : due;
  const tooMuch = isClosed || !page.expected.isRegistered ? 0 : Math.max(0, paid - last(page.totals));
  const returned = Math.min(refunded, tooMuch);
  return new Map([
    ["cash", sum((end) => end.captured - end.refunded - end.disputed - end.chargedBack)],
    ["disputed", sum((end) => end.disputed)],
    ["suspense", sum((end) => (end.counts ? 0 : end.refunded + end.chargedBack - end.captured))],
    ["receivable", sold + returned - taken],
    ["sales", -sold],
    ["refunds", sum((end) => (end.counts ? end.refunded : 0)) - returned],
    ["disputes", sum((end) => (end.counts ? end.chargedBack : 0))],
  ]);
}

/** Summed for the order, or one of its later periods. */
function isTaken(page: Page, books: ReadonlyMap<string, Book>, name: string, book: Book): boolean {
  const counted = countedIn(page, books);
  if (counted.includes(book)) return true;
  const isPeriod = page.expected.isRecurring && counted.length > 0 && book.subscription !== null;
  return isPeriod && !book.isLate && !page.turnedAway.has(name) && !page.expected.neverCount.includes(name);
}

function orderEnd(page: Page, books: ReadonlyMap<string, Book>): OrderEnd {
  const counted = countedIn(page, books);
  const ends = counted.map(endOf);
  const paid = total(ends.map(({ captured }) => captured));
  const refunded = total(ends.map((payment) => payment.refunded));
  const lost = total(ends.map(({ chargedBack }) => chargedBack));
  const status = closedAs(page, counted, paid) ?? orderStatus(page, ends, { paid, net: paid - refunded - lost });
  // A part given back leaves the rest to be delivered; a part lost does not.
  const isRest = status === "partially_refunded" && lost === 0;
  return { status, paid, refunded, lost, fulfillable: status === "paid" || status === "overpaid" || isRest };
}

/** Money that somebody let in after the closing opens the order again; a deadline closes only what was not paid by then. */
function closedAs({ expected, closed, totals }: Page, counted: readonly Book[], paid: number): string | null {
  if (!expected.isRegistered) return "unregistered";
  if (closed === null || counted.some(({ isLate }) => isLate)) return null;
  return closed === "canceled" || paid < last(totals) ? closed : null;
}

function orderStatus({ totals }: Page, counted: readonly PaymentEnd[], sums: { paid: number; net: number }): string {
  const due = last(totals);
  if (counted.some(({ status }) => status === "disputed")) return "disputed";
  if (sums.paid < due) return sums.net > 0 ? "partially_paid" : "open";
  if (sums.net > due) return "overpaid";
  if (sums.net === due) return "paid";
  if (sums.net > 0) return "partially_refunded";
  return counted.some(({ status }) => status === "charged_back") ? "charged_back" : "refunded";
}

/** Paid and open again, as often as it happens: money that fails later, or a total that is raised, opens it. */
function tellTurn(page: Page, books: ReadonlyMap<string, Book>, tell: Tell): void {
  const counted = countedIn(page, books);
  const isPaid = counted.length > 0 && capturedOf(counted) >= last(page.totals);
  if (isPaid && !page.isPaid) tell("order.paid");
  if (!isPaid && page.isPaid) tell("order.reopened");
  page.isPaid = isPaid;
}

/** What once became true of the order stays told, whatever is undone later. */
function tellOrder(page: Page, books: ReadonlyMap<string, Book>, tellOnce: Tell): void {
  const counted = countedIn(page, books);
  const due = last(page.totals);
  const captured = total(counted.map((book) => book.everCaptured));
  const refunded = total(counted.map((book) => book.everRefunded));
  const lost = total(counted.map((book) => disputedAs(book, "lost")));
  if (counted.some(({ disputes }) => disputes.size > 0)) tellOnce("order.disputed");
  if (counted.length === 0 || captured < due) return;
  if (refunded >= due) tellOnce("order.refunded");
  if (lost > 0 && refunded + lost >= due) tellOnce("order.charged_back");
}

function capturedOf(books: readonly Book[]): number {
  return total(books.flatMap(({ captures }) => [...captures.values()]));
}

function disputedAs(book: Book, fate: "open" | "lost"): number {
  return total([...book.disputes.values()].filter((dispute) => dispute.fate === fate).map(({ amount }) => amount));
}

function last(totals: readonly number[]): number {
  return totals.at(-1) ?? 0;
}

function total(amounts: Iterable<number>): number {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return sum;
}
