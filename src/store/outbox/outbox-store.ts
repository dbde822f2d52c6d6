import type { OutboxStore } from "../outbox.ts";
import type { Database } from "../session.ts";
import type { Told } from "../told.ts";
import type { WriteContext } from "../upsert.ts";
import { claimDeliveries, isAnythingDue } from "./claim.ts";
import { findDelivery, listDeliveries, readBacklog } from "./deliveries.ts";
import { addReceiver, changeReceiver, findReceiver, listReceivers, putReceiver, removeReceiver } from "./receivers.ts";
import { redeliver, redeliverMany } from "./redeliver.ts";
import { settleDeliveries } from "./settle.ts";

/** Runs `work` in one transaction, again where it lost against others. */
export type InTransaction = <Result>(work: (context: WriteContext) => Promise<Result>) => Promise<Result>;

export function outboxOf(database: Database, told: Told, inTransaction: InTransaction): OutboxStore {
  return {
    onTold: (listener) => told.listen(listener),
    addReceiver: (receiver, max) => inTransaction((context) => addReceiver(context, receiver, max)),
    putReceiver: (receiver) => inTransaction((context) => putReceiver(context, receiver)),
    changeReceiver: (id, change) => inTransaction((context) => changeReceiver(context, id, change)),
    removeReceiver: (id) => inTransaction((context) => removeReceiver(context, id)),
    receiver: (id) => findReceiver(database.reads, id),
    receivers: (kind, page) => listReceivers(database, kind, page),
    claim: async (request) => {
      if (!(await isAnythingDue(database, request))) return { deliveries: [], againInMs: null };
      return inTransaction((context) => claimDeliveries(context, request));
    },
    settle: async (settlements, owner, judges) => {
      const settled = await inTransaction((context) => settleDeliveries(context, settlements, owner, judges));
      if (settled.told) told.tell();
      return settled.held;
    },
    deliveries: (filter, page) => listDeliveries(database, filter, page),
    delivery: (id) => findDelivery(database.reads, id),
    redeliver: async (id) => {
      await inTransaction((context) => redeliver(context, id));
      told.tell();
      return findDelivery(database.reads, id);
    },
    redeliverMany: async (request) => {
      const answer = await inTransaction((context) => redeliverMany(context, request));
      told.tell();
      return answer;
    },
    backlog: () => readBacklog(database),
  };
}
