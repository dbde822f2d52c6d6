import { readPosted } from "../effects/postings.ts";
import { postingsAfter, sumPostings } from "../effects/read-postings.ts";
import type { Reader } from "../reading.ts";
import type { Database } from "../session.ts";
import { findCustomer, listCustomers } from "./customers.ts";
import { findEvent, listEvents, newestEvent } from "./events.ts";
import { findInput, listInputs, readBacklog } from "./inputs.ts";
import { listPostings } from "./ledger.ts";
import { eventsOf, findOrder, listOrders } from "./orders.ts";
import { findPayment, listPayments } from "./payments.ts";
import { findLevel, listLevels, listMovements, movementsOf } from "./stock.ts";
import { findSubscription, listSubscriptions } from "./subscriptions.ts";

export function readerOf(database: Database): Reader {
  return {
    payments: (filter, page) => listPayments(database, filter, page),
    payment: (id) => findPayment(database, id),
    orders: (filter, page) => listOrders(database, filter, page),
    order: (reference) => findOrder(database, reference),
    subscriptions: (filter, page) => listSubscriptions(database, filter, page),
    subscription: (id) => findSubscription(database, id),
    inputs: (filter, page) => listInputs(database, filter, page),
    input: (id) => findInput(database, id),
    customers: (filter, page) => listCustomers(database, filter, page),
    customer: (id) => findCustomer(database, id),
    stockLevels: (filter, page) => listLevels(database, filter, page),
    stockLevel: (place) => findLevel(database, place),
    stockMovements: (place, page) => listMovements(database, place, page),
    stockMovementsOf: (order) => movementsOf(database, order),
    eventsOf: (about) => eventsOf(database, about),
    events: (request) => listEvents(database, request),
    event: (id) => findEvent(database, id),
    newestEvent: () => newestEvent(database),
    backlog: () => readBacklog(database),
    postings: (filter, page) => listPostings(database, filter, page),
    postingsAfter: (after, request) => postingsAfter(database.reads, database.dialect, after, request),
    ledgerSums: (until) => sumPostings(database.reads, database.dialect, until),
    posted: (subjects) => readPosted(database.reads, database.dialect, subjects),
  };
}
