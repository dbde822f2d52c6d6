/**
 * Stripe's objects as its webhooks carry them, with the fields that a real one has. Shapes: docs.stripe.com/api and the
 * OpenAPI specification that stripe@23.1.0 is generated from; older versions as its changelog tells them.
 */

export type Json = { readonly [key: string]: unknown };

/** Versions whose shapes differ where money is concerned. */
export const VERSIONS = {
  /** Charges inside intents, refunds inside charges, the intent and the charge on the invoice. */
  v2019: "2019-05-16",
  /** Nothing embedded any more: the intent names its latest charge. */
  v2022: "2022-11-15",
  /** Invoices and intents no longer name each other; partial captures no longer make refunds. */
  v2025: "2025-03-31.basil",
  /** The version of stripe@23.1.0. */
  v2026: "2026-10-28.endive",
} as const;

/** 2026-01-05T10:00:00Z */
export const CREATED = 1_767_607_200;

export const IDS = {
  charge: "ch_3SmZ1nKqA0FvXy2L1B7q9w4T",
  intent: "pi_3SmZ1nKqA0FvXy2L1m8HcV2d",
  refund: "re_3SmZ1nKqA0FvXy2L1kU5oR7e",
  dispute: "du_1SmZ9pKqA0FvXy2LzW3nQ8sD",
  session: "cs_test_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6",
  invoice: "in_1SmZ2bKqA0FvXy2LpT6rE9mN",
  payment: "inpay_1SmZ2bKqA0FvXy2LQk4vB1cX",
  subscription: "sub_1SmZ2bKqA0FvXy2LsY5uH3gF",
  customer: "cus_TkWq8ZrY1nM4bV",
  review: "prv_1SmZ3cKqA0FvXy2LdA2bC3eF",
  payout: "po_1SmZ5eKqA0FvXy2LkJ7lM8nO",
  warning: "issfr_1SmZ4dKqA0FvXy2LgH5iJ6kL",
} as const;

export function event(type: string, object: Json, more: Json = {}): Json {
  return {
    id: "evt_1SmZ2pKqA0FvXy2L",
    object: "event",
    api_version: VERSIONS.v2026,
    created: CREATED,
    data: { object },
    livemode: false,
    pending_webhooks: 1,
    request: { id: "req_f8sT2vWxYz01Ab", idempotency_key: "6a9fbc1c-1d36-4e7e-9a53-8a8f2f5f6f51" },
    type,
    ...more,
  };
}

const ADDRESS = {
  city: "Berlin",
  country: "DE",
  line1: "Alte Straße 1",
  line2: null,
  postal_code: "10115",
  state: null,
};

const CARD_DETAILS = {
  card: {
    amount_authorized: 1999,
    authorization_code: null,
    brand: "visa",
    checks: { address_line1_check: "pass", address_postal_code_check: "pass", cvc_check: "pass" },
    country: "DE",
    exp_month: 12,
    exp_year: 2028,
    extended_authorization: { status: "disabled" },
    fingerprint: "mToisGZ01V71BCos",
    funding: "credit",
    incremental_authorization: { status: "unavailable" },
    installments: null,
    last4: "4242",
    mandate: null,
    multicapture: { status: "unavailable" },
    network: "visa",
    network_token: { used: false },
    network_transaction_id: "104103110571118",
    overcapture: { maximum_amount_capturable: 1999, status: "unavailable" },
    regulated_status: "unregulated",
    three_d_secure: null,
    wallet: null,
  },
  type: "card",
};

export function charge(more: Json = {}): Json {
  return {
    id: IDS.charge,
    object: "charge",
    amount: 1999,
    amount_captured: 1999,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: "txn_3SmZ1nKqA0FvXy2L1pLmN0oP",
    billing_details: { address: ADDRESS, email: "ann@example.com", name: "Ann Müller", phone: null, tax_id: null },
    calculated_statement_descriptor: "TEA SHOP",
    captured: true,
    created: CREATED - 1,
    currency: "usd",
    customer: IDS.customer,
    description: "Two packs of tea",
    destination: null,
    dispute: null,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: { order_id: "1001" },
    on_behalf_of: null,
    order: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: null,
      network_status: "approved_by_network",
      reason: null,
      risk_level: "normal",
      risk_score: 21,
      seller_message: "Payment complete.",
      type: "authorized",
    },
    paid: true,
    payment_intent: IDS.intent,
    payment_method: "pm_1SmZ1mKqA0FvXy2LrS7tU8vW",
    payment_method_details: CARD_DETAILS,
    radar_options: {},
    receipt_email: null,
    receipt_number: null,
    receipt_url: "https://pay.stripe.com/receipts/payment/CAcaFwoVYWNjdF8xS3FBMEZ2WHkyTA",
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "succeeded",
    transfer_data: null,
    transfer_group: null,
    ...more,
  };
}

/** A charge as versions before 2022-11-15 sent it: its refunds inside, its invoice named. */
export function oldCharge(refunds: readonly Json[], more: Json = {}): Json {
  const list = {
    object: "list",
    data: refunds,
    has_more: false,
    total_count: refunds.length,
    url: `/v1/charges/${IDS.charge}/refunds`,
  };
  return charge({ invoice: null, refunds: list, ...more });
}

/** Authorized, and nothing captured yet. */
export function heldCharge(more: Json = {}): Json {
  return charge({ captured: false, amount_captured: 0, balance_transaction: null, ...more });
}

export function intent(more: Json = {}): Json {
  return {
    id: IDS.intent,
    object: "payment_intent",
    amount: 1999,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 1999,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: { allow_redirects: "always", enabled: true },
    canceled_at: null,
    cancellation_reason: null,
    capture_method: "automatic_async",
    client_secret: `${IDS.intent}_secret_9bK2mP4qR6sT8uV0wX1yZ3aB5`,
    confirmation_method: "automatic",
    created: CREATED - 42,
    currency: "usd",
    customer: IDS.customer,
    customer_account: null,
    description: "Two packs of tea",
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: IDS.charge,
    livemode: false,
    metadata: { order_id: "1001" },
    next_action: null,
    on_behalf_of: null,
    payment_method: "pm_1SmZ1mKqA0FvXy2LrS7tU8vW",
    payment_method_configuration_details: { id: "pmc_1SmYzzKqA0FvXy2LAbCdEfGh", parent: null },
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: "automatic" },
      link: { persistent_token: null },
    },
    payment_method_types: ["card", "link"],
    processing: null,
    receipt_email: "ann@example.com",
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: "succeeded",
    transfer_data: null,
    transfer_group: null,
    ...more,
  };
}

/** An intent before anybody tried to pay it. */
export function newIntent(more: Json = {}): Json {
  return intent({
    amount_received: 0,
    latest_charge: null,
    payment_method: null,
    status: "requires_payment_method",
    ...more,
  });
}

/** An intent as versions before 2022-11-15 sent it: its charges inside. */
export function oldIntent(charges: readonly Json[], more: Json = {}): Json {
  const { latest_charge: _since2022, ...rest } = intent();
  const list = {
    object: "list",
    data: charges,
    has_more: false,
    total_count: charges.length,
    url: `/v1/charges?payment_intent=${IDS.intent}`,
  };
  return { ...rest, charges: list, invoice: null, ...more };
}

export function refund(more: Json = {}): Json {
  return {
    id: IDS.refund,
    object: "refund",
    amount: 500,
    balance_transaction: "txn_3SmZ1nKqA0FvXy2L1qRsT2uV",
    charge: IDS.charge,
    created: CREATED - 1,
    currency: "usd",
    destination_details: {
      card: {
        reference: "7831421498",
        reference_status: "available",
        reference_type: "acquirer_reference_number",
        type: "refund",
      },
      type: "card",
    },
    metadata: {},
    payment_intent: IDS.intent,
    reason: "requested_by_customer",
    receipt_number: null,
    source_transfer_reversal: null,
    status: "succeeded",
    transfer_reversal: null,
    ...more,
  };
}

export function movement(amount: number, more: Json = {}): Json {
  const isWithdrawal = amount < 0;
  return {
    id: isWithdrawal ? "txn_1SmZ9pKqA0FvXy2LwIthDrAw" : "txn_1SmZ9pKqA0FvXy2LreInsTaT",
    object: "balance_transaction",
    amount,
    available_on: CREATED + 86_400,
    created: CREATED - 1,
    currency: "usd",
    description: isWithdrawal ? `Chargeback withdrawal for ${IDS.charge}` : `Chargeback reversal for ${IDS.charge}`,
    exchange_rate: null,
    fee: isWithdrawal ? 1500 : 0,
    fee_details: isWithdrawal
      ? [{ amount: 1500, application: null, currency: "usd", description: "Dispute fee", type: "stripe_fee" }]
      : [],
    net: isWithdrawal ? amount - 1500 : amount,
    reporting_category: isWithdrawal ? "dispute" : "dispute_reversal",
    source: IDS.dispute,
    status: "pending",
    type: "adjustment",
    ...more,
  };
}

export function dispute(more: Json = {}): Json {
  return {
    id: IDS.dispute,
    object: "dispute",
    amount: 1999,
    balance_transaction: "txn_1SmZ9pKqA0FvXy2LwIthDrAw",
    balance_transactions: [movement(-1999)],
    charge: IDS.charge,
    created: CREATED - 1,
    currency: "usd",
    enhanced_eligibility_types: [],
    evidence: {
      access_activity_log: null,
      billing_address: "Alte Straße 1, 10115 Berlin",
      cancellation_policy: null,
      customer_communication: null,
      customer_email_address: "ann@example.com",
      customer_name: "Ann Müller",
      customer_purchase_ip: "192.0.2.17",
      product_description: "Two packs of tea",
      receipt: null,
      refund_policy: null,
      service_date: null,
      shipping_tracking_number: null,
      uncategorized_text: null,
    },
    evidence_details: {
      due_by: CREATED + 864_000,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
    },
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    network_details: null,
    network_reason_code: "10.4",
    payment_intent: IDS.intent,
    payment_method_details: {
      card: { brand: "visa", case_type: "chargeback", network_reason_code: "10.4" },
      type: "card",
    },
    reason: "fraudulent",
    status: "needs_response",
    ...more,
  };
}

export function session(more: Json = {}): Json {
  return {
    id: IDS.session,
    object: "checkout.session",
    adaptive_pricing: { enabled: true },
    after_expiration: null,
    allow_promotion_codes: null,
    amount_subtotal: 1999,
    amount_total: 1999,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: "https://shop.example.com/cart",
    client_reference_id: "1001",
    client_secret: null,
    consent: null,
    created: CREATED - 300,
    currency: "usd",
    currency_conversion: null,
    custom_fields: [],
    customer: null,
    customer_creation: "if_required",
    customer_details: {
      address: ADDRESS,
      email: "ann@example.com",
      name: "Ann Müller",
      phone: null,
      tax_exempt: "none",
      tax_ids: [],
    },
    customer_email: null,
    discounts: [],
    expires_at: CREATED + 86_100,
    invoice: null,
    invoice_creation: { enabled: false, invoice_data: { metadata: {} } },
    livemode: false,
    locale: null,
    metadata: {},
    mode: "payment",
    payment_intent: IDS.intent,
    payment_link: null,
    payment_method_collection: "if_required",
    payment_method_options: { card: { request_three_d_secure: "automatic" } },
    payment_method_types: ["card"],
    payment_status: "paid",
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: null,
    shipping_address_collection: null,
    shipping_cost: null,
    status: "complete",
    submit_type: null,
    subscription: null,
    success_url: "https://shop.example.com/thanks",
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ui_mode: "hosted",
    url: null,
    wallet_options: null,
    ...more,
  };
}

const LINE = {
  id: "il_1SmZ2bKqA0FvXy2LnE1nE2nE",
  object: "line_item",
  amount: 1999,
  currency: "usd",
  description: "1 × Tea of the month (at $19.99 / month)",
  discountable: true,
  livemode: false,
  metadata: {},
  period: { end: CREATED + 2_678_400, start: CREATED },
  quantity: 1,
};

/** An invoice of a subscription, as sent since 2025-03-31: it names neither intent nor charge. */
export function invoice(more: Json = {}): Json {
  return {
    id: IDS.invoice,
    object: "invoice",
    account_country: "DE",
    account_name: "Tea Shop",
    amount_due: 1999,
    amount_overpaid: 0,
    amount_paid: 1999,
    amount_remaining: 0,
    amount_shipping: 0,
    attempt_count: 1,
    attempted: true,
    auto_advance: false,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    billing_reason: "subscription_cycle",
    collection_method: "charge_automatically",
    created: CREATED - 3_600,
    currency: "usd",
    customer: IDS.customer,
    customer_email: "ann@example.com",
    customer_name: "Ann Müller",
    default_payment_method: null,
    description: null,
    due_date: null,
    effective_at: CREATED - 60,
    ending_balance: 0,
    hosted_invoice_url: "https://invoice.stripe.com/i/acct_1KqA0FvXy2L/test_YWNjdF8xS3FBMEZ2WHkyTA",
    invoice_pdf: "https://pay.stripe.com/invoice/acct_1KqA0FvXy2L/test_YWNjdF8xS3FBMEZ2WHkyTA/pdf",
    lines: { object: "list", data: [LINE], has_more: false, total_count: 1, url: `/v1/invoices/${IDS.invoice}/lines` },
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: "TEA-0042",
    parent: {
      quote_details: null,
      subscription_details: { metadata: { order_id: "S-77" }, subscription: IDS.subscription },
      type: "subscription_details",
    },
    period_end: CREATED,
    period_start: CREATED - 2_678_400,
    starting_balance: 0,
    status: "paid",
    status_transitions: {
      finalized_at: CREATED - 60,
      marked_uncollectible_at: null,
      paid_at: CREATED - 1,
      voided_at: null,
    },
    subtotal: 1999,
    total: 1999,
    total_taxes: [],
    webhooks_delivered_at: CREATED - 3_500,
    ...more,
  };
}

/** An invoice as versions before 2025-03-31 sent it. */
export function oldInvoice(more: Json = {}): Json {
  const { parent: _since2025, ...rest } = invoice();
  return {
    ...rest,
    charge: IDS.charge,
    paid: true,
    paid_out_of_band: false,
    payment_intent: IDS.intent,
    subscription: IDS.subscription,
    subscription_details: { metadata: { order_id: "S-77" } },
    ...more,
  };
}

export function invoicePayment(more: Json = {}): Json {
  return {
    id: IDS.payment,
    object: "invoice_payment",
    amount_paid: 1999,
    amount_requested: 1999,
    created: CREATED - 60,
    currency: "usd",
    invoice: IDS.invoice,
    is_default: true,
    livemode: false,
    payment: { payment_intent: IDS.intent, type: "payment_intent" },
    status: "paid",
    status_transitions: { canceled_at: null, paid_at: CREATED - 1 },
    ...more,
  };
}

/** A subscription as sent since 2025-03-31: the period is on its items. */
export function subscription(more: Json = {}): Json {
  const price = {
    id: "price_1SmYyyKqA0FvXy2LprIcE0",
    object: "price",
    active: true,
    currency: "usd",
    unit_amount: 1999,
  };
  const item = {
    id: "si_TkWq9AbCdEfGhI",
    object: "subscription_item",
    created: CREATED - 2_678_400,
    current_period_end: CREATED + 2_678_400,
    current_period_start: CREATED,
    price,
    quantity: 1,
    subscription: IDS.subscription,
  };
  return {
    id: IDS.subscription,
    object: "subscription",
    application: null,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null },
    billing_cycle_anchor: CREATED - 2_678_400,
    billing_mode: { type: "flexible" },
    cancel_at: null,
    cancel_at_period_end: false,
    canceled_at: null,
    collection_method: "charge_automatically",
    created: CREATED - 2_678_400,
    currency: "usd",
    customer: IDS.customer,
    default_payment_method: "pm_1SmZ1mKqA0FvXy2LrS7tU8vW",
    ended_at: null,
    items: { object: "list", data: [item], has_more: false, total_count: 1, url: "/v1/subscription_items" },
    latest_invoice: IDS.invoice,
    livemode: false,
    metadata: { order_id: "S-77" },
    pause_collection: null,
    pending_update: null,
    start_date: CREATED - 2_678_400,
    status: "active",
    trial_end: null,
    trial_start: null,
    ...more,
  };
}

export function review(more: Json = {}): Json {
  return {
    id: IDS.review,
    object: "review",
    billing_zip: "10115",
    charge: IDS.charge,
    closed_reason: null,
    created: CREATED - 1,
    ip_address: "192.0.2.17",
    ip_address_location: { city: "Berlin", country: "DE", latitude: 52.5, longitude: 13.4, region: "Land Berlin" },
    livemode: false,
    open: true,
    opened_reason: "rule",
    payment_intent: IDS.intent,
    reason: "rule",
    session: null,
    ...more,
  };
}

/** https://docs.stripe.com/api/payouts/object */
export function payout(more: Json = {}): Json {
  return {
    id: IDS.payout,
    object: "payout",
    amount: 108_450,
    application_fee: null,
    application_fee_amount: null,
    arrival_date: CREATED + 172_800,
    automatic: true,
    balance_transaction: "txn_1SmZ5eKqA0FvXy2LpQ9rS0tU",
    created: CREATED - 1,
    currency: "eur",
    description: "STRIPE PAYOUT",
    destination: "ba_1SmZ5eKqA0FvXy2LvW1xY2zA",
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    livemode: false,
    metadata: {},
    method: "standard",
    original_payout: null,
    payout_method: null,
    reconciliation_status: "in_progress",
    reversed_by: null,
    source_type: "card",
    statement_descriptor: null,
    status: "pending",
    trace_id: { status: "pending", value: null },
    type: "bank_account",
    ...more,
  };
}

export function fraudWarning(more: Json = {}): Json {
  return {
    id: IDS.warning,
    object: "radar.early_fraud_warning",
    actionable: true,
    charge: IDS.charge,
    created: CREATED - 1,
    fraud_type: "made_with_stolen_card",
    livemode: false,
    payment_intent: IDS.intent,
    ...more,
  };
}
