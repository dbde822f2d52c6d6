BEGIN;

-- CreateTable
CREATE TABLE "inputs" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "gateway" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "body_hash" TEXT NOT NULL,
    "nonce" TEXT,
    "body" BLOB NOT NULL,
    "headers" TEXT NOT NULL,
    "query" TEXT NOT NULL,
    "source" TEXT,
    "received_at" DATETIME NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "type" TEXT,
    "live" BOOLEAN,
    "payment" TEXT,
    "owner" TEXT,
    "due_at" DATETIME,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "repeats" INTEGER NOT NULL DEFAULT 0,
    "settled_at" DATETIME
);

-- CreateTable
CREATE TABLE "heard" (
    "gateway" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "last" DATETIME NOT NULL,
    "count" BIGINT NOT NULL,

    PRIMARY KEY ("gateway", "account", "type")
);

-- CreateTable
CREATE TABLE "facts" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "input" TEXT NOT NULL,
    "gateway" TEXT NOT NULL,
    "object_key" TEXT NOT NULL,
    "payment" TEXT,
    "at" DATETIME NOT NULL,
    "body" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "payments" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "alias_of" TEXT,
    "provider" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "live" BOOLEAN NOT NULL,
    "gateways" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "created_at" DATETIME NOT NULL,
    "changed_at" DATETIME NOT NULL,
    "subscription" TEXT,
    "state" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "flags" (
    "payment" TEXT NOT NULL,
    "flag" TEXT NOT NULL,
    "due_at" DATETIME,

    PRIMARY KEY ("payment", "flag")
);

-- CreateTable
CREATE TABLE "object_payments" (
    "object_key" TEXT NOT NULL PRIMARY KEY,
    "reference" TEXT NOT NULL,
    "payment" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "links" (
    "from_key" TEXT NOT NULL,
    "to_key" TEXT NOT NULL,

    PRIMARY KEY ("from_key", "to_key")
);

-- CreateTable
CREATE TABLE "subscriptions" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "provider" TEXT NOT NULL,
    "account" TEXT NOT NULL,
    "live" BOOLEAN NOT NULL,
    "gateways" TEXT NOT NULL,
    "reference" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "order" TEXT,
    "sequence" INTEGER NOT NULL,
    "created_at" DATETIME NOT NULL,
    "changed_at" DATETIME NOT NULL,
    "ends_at" DATETIME,
    "state" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "orders" (
    "reference" TEXT NOT NULL PRIMARY KEY,
    "status" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "created_at" DATETIME NOT NULL,
    "changed_at" DATETIME NOT NULL,
    "expires_at" DATETIME,
    "state" TEXT NOT NULL,
    "stock" TEXT
);

-- CreateTable
CREATE TABLE "order_payments" (
    "order" TEXT NOT NULL,
    "payment" TEXT NOT NULL,
    "counts" BOOLEAN NOT NULL,
    "held" TEXT NOT NULL,

    PRIMARY KEY ("order", "payment")
);

-- CreateTable
CREATE TABLE "decisions" (
    "order" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "input" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "payment" TEXT,
    "at" DATETIME NOT NULL,
    "body" TEXT NOT NULL,

    PRIMARY KEY ("order", "sequence")
);

-- CreateTable
CREATE TABLE "events" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "payment" TEXT,
    "order" TEXT,
    "sequence" INTEGER NOT NULL,
    "position" BIGINT NOT NULL DEFAULT 0,
    "live" BOOLEAN,
    "at" DATETIME NOT NULL,
    "snapshot" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "repairs" (
    "id" TEXT NOT NULL PRIMARY KEY
);

-- CreateTable
CREATE TABLE "tokens" (
    "hash" TEXT NOT NULL PRIMARY KEY,
    "created_at" DATETIME NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "inputs_id_key" ON "inputs"("id");

-- CreateIndex
CREATE INDEX "inputs_state_due_at_idx" ON "inputs"("state", "due_at") WHERE due_at IS NOT NULL;

-- CreateIndex
CREATE INDEX "inputs_gateway_account_nonce_idx" ON "inputs"("gateway", "account", "nonce") WHERE nonce IS NOT NULL;

-- CreateIndex
CREATE INDEX "inputs_payment_idx" ON "inputs"("payment") WHERE payment IS NOT NULL;

-- CreateIndex
CREATE INDEX "inputs_source_idx" ON "inputs"("source") WHERE source IS NOT NULL;

-- CreateIndex
CREATE INDEX "inputs_received_at_seq_idx" ON "inputs"("received_at", "seq");

-- CreateIndex
CREATE INDEX "inputs_state_received_at_seq_idx" ON "inputs"("state", "received_at", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "inputs_gateway_account_key_body_hash_key" ON "inputs"("gateway", "account", "key", "body_hash");

-- CreateIndex
CREATE INDEX "facts_payment_idx" ON "facts"("payment") WHERE payment IS NOT NULL;

-- CreateIndex
CREATE INDEX "facts_object_key_idx" ON "facts"("object_key");

-- CreateIndex
CREATE INDEX "facts_input_idx" ON "facts"("input");

-- CreateIndex
CREATE INDEX "payments_created_at_id_idx" ON "payments"("created_at", "id");

-- CreateIndex
CREATE INDEX "payments_status_created_at_id_idx" ON "payments"("status", "created_at", "id");

-- CreateIndex
CREATE INDEX "payments_alias_of_idx" ON "payments"("alias_of") WHERE alias_of IS NOT NULL;

-- CreateIndex
CREATE INDEX "payments_subscription_created_at_id_idx" ON "payments"("subscription", "created_at", "id") WHERE subscription IS NOT NULL;

-- CreateIndex
CREATE INDEX "flags_due_at_idx" ON "flags"("due_at") WHERE due_at IS NOT NULL;

-- CreateIndex
CREATE INDEX "object_payments_reference_idx" ON "object_payments"("reference");

-- CreateIndex
CREATE INDEX "object_payments_payment_idx" ON "object_payments"("payment");

-- CreateIndex
CREATE INDEX "links_to_key_idx" ON "links"("to_key");

-- CreateIndex
CREATE INDEX "subscriptions_created_at_id_idx" ON "subscriptions"("created_at", "id");

-- CreateIndex
CREATE INDEX "subscriptions_reference_idx" ON "subscriptions"("reference");

-- CreateIndex
CREATE INDEX "subscriptions_order_idx" ON "subscriptions"("order") WHERE "order" IS NOT NULL;

-- CreateIndex
CREATE INDEX "subscriptions_ends_at_idx" ON "subscriptions"("ends_at") WHERE ends_at IS NOT NULL;

-- CreateIndex
CREATE INDEX "orders_created_at_reference_idx" ON "orders"("created_at", "reference");

-- CreateIndex
CREATE INDEX "orders_status_created_at_reference_idx" ON "orders"("status", "created_at", "reference");

-- CreateIndex
CREATE INDEX "orders_expires_at_idx" ON "orders"("expires_at") WHERE expires_at IS NOT NULL;

-- CreateIndex
CREATE INDEX "order_payments_payment_idx" ON "order_payments"("payment");

-- CreateIndex
CREATE UNIQUE INDEX "events_id_key" ON "events"("id");

-- CreateIndex
CREATE UNIQUE INDEX "events_key_key" ON "events"("key");

-- CreateIndex
CREATE INDEX "events_order_idx" ON "events"("order") WHERE "order" IS NOT NULL;

-- CreateIndex
CREATE INDEX "events_payment_idx" ON "events"("payment") WHERE payment IS NOT NULL;

-- CreateIndex
CREATE INDEX "inputs_reason_received_at_seq_idx" ON "inputs"("reason", "received_at", "seq") WHERE reason IS NOT NULL;

-- CreateIndex
CREATE INDEX "order_payments_held_idx" ON "order_payments"("payment") WHERE held <> '';

-- CreateTable
CREATE TABLE "receivers" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "kind" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "events" TEXT NOT NULL,
    "live" BOOLEAN,
    "url" TEXT,
    "secrets" TEXT,
    "rate" INTEGER NOT NULL,
    "state" TEXT NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "failing_since" DATETIME,
    "paused_until" DATETIME,
    "busy_until" DATETIME,
    "created_at" DATETIME NOT NULL,
    "changed_at" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "deliveries" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "id" TEXT NOT NULL,
    "event" TEXT NOT NULL,
    "receiver" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "reason" TEXT,
    "owner" TEXT,
    "due_at" DATETIME,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "log" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL,
    "settled_at" DATETIME
);

-- CreateTable
CREATE TABLE "documents" (
    "kind" TEXT NOT NULL,
    "live" BOOLEAN NOT NULL,
    "number" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "order" TEXT NOT NULL,
    "at" DATETIME NOT NULL,
    "body" TEXT NOT NULL,

    PRIMARY KEY ("kind", "live", "number")
);

-- CreateTable
CREATE TABLE "secrets" (
    "name" TEXT NOT NULL PRIMARY KEY,
    "value" TEXT NOT NULL,
    "created_at" DATETIME NOT NULL
);

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_id_key" ON "deliveries"("id");

-- CreateIndex
CREATE INDEX "deliveries_receiver_due_at_idx" ON "deliveries"("receiver", "due_at") WHERE due_at IS NOT NULL;

-- CreateIndex
CREATE INDEX "deliveries_receiver_seq_idx" ON "deliveries"("receiver", "seq");

-- CreateIndex
CREATE INDEX "deliveries_state_seq_idx" ON "deliveries"("state", "seq");

-- CreateIndex
CREATE UNIQUE INDEX "deliveries_event_receiver_key" ON "deliveries"("event", "receiver");

-- CreateIndex
CREATE UNIQUE INDEX "documents_key_key" ON "documents"("key");

-- CreateIndex
CREATE INDEX "documents_order_idx" ON "documents"("order");

-- CreateIndex
CREATE INDEX "events_position_seq_idx" ON "events"("position", "seq");

-- CreateTable
CREATE TABLE "seals" (
    "number" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "last" BIGINT NOT NULL,
    "hash" TEXT NOT NULL,
    "may_go" TEXT NOT NULL,
    "at" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "postings" (
    "subject" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "account" TEXT NOT NULL,
    "currency" TEXT NOT NULL,
    "amount" BIGINT NOT NULL,
    "live" BOOLEAN NOT NULL,
    "order" TEXT,
    "fact" TEXT,
    "input" TEXT,
    "effective_at" DATETIME NOT NULL,
    "at" DATETIME NOT NULL,

    PRIMARY KEY ("subject", "version", "account", "currency")
);

-- CreateIndex
CREATE INDEX "postings_at_subject_idx" ON "postings"("at", "subject");

-- CreateTable
CREATE TABLE "customers" (
    "id" TEXT NOT NULL PRIMARY KEY,
    "alias_of" TEXT,
    "live" BOOLEAN NOT NULL,
    "name" TEXT,
    "created_at" DATETIME NOT NULL,
    "changed_at" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "customer_keys" (
    "key" TEXT NOT NULL PRIMARY KEY,
    "customer" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "customer_links" (
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "customer" TEXT NOT NULL,

    PRIMARY KEY ("kind", "subject")
);

-- CreateIndex
CREATE INDEX "customers_created_at_id_idx" ON "customers"("created_at", "id");

-- CreateIndex
CREATE INDEX "customers_alias_of_idx" ON "customers"("alias_of") WHERE alias_of IS NOT NULL;

-- CreateIndex
CREATE INDEX "customer_keys_customer_idx" ON "customer_keys"("customer");

-- CreateIndex
CREATE INDEX "customer_links_customer_kind_subject_idx" ON "customer_links"("customer", "kind", "subject");

-- CreateTable
CREATE TABLE "erasures" (
    "subject" TEXT NOT NULL PRIMARY KEY,
    "input" TEXT NOT NULL,
    "rest" TEXT NOT NULL
);

-- CreateIndex
CREATE INDEX "erasures_input_idx" ON "erasures"("input");

-- CreateTable
CREATE TABLE "stock_levels" (
    "live" BOOLEAN NOT NULL,
    "sku" TEXT NOT NULL,
    "on_hand" BIGINT NOT NULL,
    "low_at" BIGINT,
    "sequence" INTEGER NOT NULL,
    "created_at" DATETIME NOT NULL,
    "changed_at" DATETIME NOT NULL,

    PRIMARY KEY ("live", "sku")
);

-- CreateTable
CREATE TABLE "stock_movements" (
    "live" BOOLEAN NOT NULL,
    "sku" TEXT NOT NULL,
    "sequence" INTEGER NOT NULL,
    "delta" BIGINT NOT NULL,
    "on_hand" BIGINT NOT NULL,
    "low_at" BIGINT,
    "oversold" BOOLEAN NOT NULL,
    "order" TEXT,
    "version" INTEGER,
    "input" TEXT,
    "reason" TEXT NOT NULL,
    "actor" TEXT,
    "at" DATETIME NOT NULL,

    PRIMARY KEY ("live", "sku", "sequence")
);

-- CreateIndex
CREATE INDEX "stock_movements_input_idx" ON "stock_movements"("input") WHERE input IS NOT NULL;

-- CreateIndex
CREATE UNIQUE INDEX "stock_movements_order_version_sku_key" ON "stock_movements"("order", "version", "sku");

-- CreateTable
CREATE TABLE "license_keys" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "pool" TEXT NOT NULL,
    "live" BOOLEAN NOT NULL,
    "fingerprint" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "order" TEXT,
    "sku" TEXT,
    "unit" INTEGER,
    "given_at" DATETIME,
    "revoked_at" DATETIME
);

-- CreateTable
CREATE TABLE "license_pools" (
    "pool" TEXT NOT NULL,
    "live" BOOLEAN NOT NULL,
    "loads" INTEGER NOT NULL,
    "loaded" BIGINT NOT NULL,

    PRIMARY KEY ("pool", "live")
);

-- CreateTable
CREATE TABLE "license_waits" (
    "seq" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "order" TEXT NOT NULL,
    "pool" TEXT NOT NULL,
    "sku" TEXT NOT NULL,
    "live" BOOLEAN NOT NULL,
    "missing" INTEGER NOT NULL,
    "since" DATETIME NOT NULL
);

-- CreateTable
CREATE TABLE "downloads" (
    "order" TEXT NOT NULL,
    "sku" TEXT NOT NULL,
    "granted_at" DATETIME NOT NULL,
    "expires_at" DATETIME NOT NULL,
    "allowed" INTEGER NOT NULL,
    "count" INTEGER NOT NULL DEFAULT 0,
    "resumed" INTEGER NOT NULL DEFAULT 0,
    "counted_at" DATETIME,
    "last_used_at" DATETIME,
    "renewals" INTEGER NOT NULL DEFAULT 0,

    PRIMARY KEY ("order", "sku")
);

-- CreateIndex
CREATE UNIQUE INDEX "license_keys_fingerprint_key" ON "license_keys"("fingerprint");

-- CreateIndex
CREATE INDEX "license_keys_free_idx" ON "license_keys"("pool", "live", "seq") WHERE "order" IS NULL;

-- CreateIndex
CREATE INDEX "license_keys_revoked_idx" ON "license_keys"("pool", "live") WHERE revoked_at IS NOT NULL;

-- CreateIndex
CREATE INDEX "license_keys_input_idx" ON "license_keys"("input");

-- CreateIndex
CREATE UNIQUE INDEX "license_keys_order_pool_sku_unit_key" ON "license_keys"("order", "pool", "sku", "unit");

-- CreateIndex
CREATE INDEX "license_waits_pool_live_seq_idx" ON "license_waits"("pool", "live", "seq") WHERE missing > 0;

-- CreateIndex
CREATE UNIQUE INDEX "license_waits_order_pool_sku_key" ON "license_waits"("order", "pool", "sku");

-- What never changes is refused to change, for everybody but a transaction that has its row in "repairs". Triggers name their
-- columns, so that no update of the hot path sets one off.

CREATE TRIGGER "keep_decisions" BEFORE UPDATE ON "decisions" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of decisions is refused: it never changes'); END;

CREATE TRIGGER "keep_decisions_rows" BEFORE DELETE ON "decisions" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of decisions is refused: it never changes'); END;

CREATE TRIGGER "keep_documents" BEFORE UPDATE ON "documents" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of documents is refused: it never changes'); END;

CREATE TRIGGER "keep_documents_rows" BEFORE DELETE ON "documents" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of documents is refused: it never changes'); END;

CREATE TRIGGER "keep_erasures" BEFORE UPDATE ON "erasures" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of erasures is refused: it never changes'); END;

CREATE TRIGGER "keep_erasures_rows" BEFORE DELETE ON "erasures" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of erasures is refused: it never changes'); END;

CREATE TRIGGER "keep_events" BEFORE UPDATE ON "events" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of events is refused: it never changes'); END;

CREATE TRIGGER "keep_events_rows" BEFORE DELETE ON "events" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of events is refused: it never changes'); END;

CREATE TRIGGER "keep_postings" BEFORE UPDATE ON "postings" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of postings is refused: it never changes'); END;

CREATE TRIGGER "keep_postings_rows" BEFORE DELETE ON "postings" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of postings is refused: it never changes'); END;

CREATE TRIGGER "keep_seals" BEFORE UPDATE ON "seals" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of seals is refused: it never changes'); END;

CREATE TRIGGER "keep_seals_rows" BEFORE DELETE ON "seals" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of seals is refused: it never changes'); END;

CREATE TRIGGER "keep_stock_movements" BEFORE UPDATE ON "stock_movements" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of stock_movements is refused: it never changes'); END;

CREATE TRIGGER "keep_stock_movements_rows" BEFORE DELETE ON "stock_movements" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of stock_movements is refused: it never changes'); END;

CREATE TRIGGER "keep_inputs" BEFORE UPDATE OF "seq", "id", "kind", "gateway", "account", "key", "body_hash", "nonce", "received_at" ON "inputs" WHEN (OLD."seq" IS NOT NEW."seq" OR OLD."id" IS NOT NEW."id" OR OLD."kind" IS NOT NEW."kind" OR OLD."gateway" IS NOT NEW."gateway" OR OLD."account" IS NOT NEW."account" OR OLD."key" IS NOT NEW."key" OR OLD."body_hash" IS NOT NEW."body_hash" OR OLD."nonce" IS NOT NEW."nonce" OR OLD."received_at" IS NOT NEW."received_at") AND NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of inputs is refused: it never changes'); END;

CREATE TRIGGER "keep_facts" BEFORE UPDATE OF "key", "input", "gateway", "object_key", "at", "body" ON "facts" WHEN (OLD."key" IS NOT NEW."key" OR OLD."input" IS NOT NEW."input" OR OLD."gateway" IS NOT NEW."gateway" OR OLD."object_key" IS NOT NEW."object_key" OR OLD."at" IS NOT NEW."at" OR OLD."body" IS NOT NEW."body") AND NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of facts is refused: it never changes'); END;

CREATE TRIGGER "keep_facts_rows" BEFORE DELETE ON "facts" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of facts is refused: it never changes'); END;

CREATE TRIGGER "keep_inputs_body" BEFORE UPDATE OF "body", "headers", "query" ON "inputs" WHEN ((OLD."body" IS NOT NEW."body" OR OLD."headers" IS NOT NEW."headers" OR OLD."query" IS NOT NEW."query") AND NOT (OLD."state" IN ('applied', 'stale', 'ignored') AND NEW."body" = x'' AND NEW."headers" = '{}' AND NEW."query" = '')) AND NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of inputs is refused: it never changes'); END;

CREATE TRIGGER "keep_inputs_rows" BEFORE DELETE ON "inputs" WHEN (OLD."state" NOT IN ('unproven', 'rejected')) AND NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of inputs is refused: it never changes'); END;

CREATE TRIGGER "keep_license_keys" BEFORE UPDATE OF "pool", "live", "fingerprint", "key", "input", "order", "sku", "unit" ON "license_keys" WHEN (OLD."pool" IS NOT NEW."pool" OR OLD."live" IS NOT NEW."live" OR OLD."fingerprint" IS NOT NEW."fingerprint" OR OLD."key" IS NOT NEW."key" OR OLD."input" IS NOT NEW."input" OR (OLD."order" IS NOT NULL AND (OLD."order" IS NOT NEW."order" OR OLD."sku" IS NOT NEW."sku" OR OLD."unit" IS NOT NEW."unit"))) AND NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'UPDATE of license_keys is refused: it never changes'); END;

CREATE TRIGGER "keep_license_keys_rows" BEFORE DELETE ON "license_keys" WHEN NOT EXISTS (SELECT 1 FROM "repairs")
BEGIN SELECT RAISE(ABORT, 'DELETE of license_keys is refused: it never changes'); END;

-- In the migration's own transaction: killed before Prisma's own note, it would be there and look undone for ever.
UPDATE "_prisma_migrations" SET "finished_at" = CURRENT_TIMESTAMP WHERE "migration_name" = '20260101000000_init';

COMMIT;
