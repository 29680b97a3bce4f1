/**
 * The tables of TPC-H as CSV with a header: its columns, keys, value domains and proportions (specification 3.0.1, 4.2.3), but our own random
 * numbers, and comments of a few words. `partsupp` is left out: no query here reads it. The same scale gives the same bytes on every machine.
 */
import { join } from "node:path";
import { makeRandom, type Random } from "../../lib/cli/random.ts";
import { writeLines } from "./made.ts";
import * as domain from "./tpch-domains.ts";

export const TPCH_TABLES = ["region", "nation", "supplier", "customer", "part", "orders", "lineitem"] as const;
export type TpchTable = (typeof TPCH_TABLES)[number];

const DAY = 86_400_000;
const START = Date.UTC(1992, 0, 1) / DAY;
/** The last order is 151 days before the end of 1998, so that all of it is delivered within the year. */
const ORDER_DAYS = Date.UTC(1998, 7, 2) / DAY - START + 1;
/** What dbgen takes for today: lines received later are not returned. */
const CURRENT = Date.UTC(1995, 5, 17) / DAY;

/** Writes region.csv … lineitem.csv into the folder. Scale 1 has 1.5 million orders and about 6 million lines. */
export async function writeTpch(folder: string, scale: number): Promise<void> {
  const counts: Counts = {
    suppliers: Math.max(1, Math.round(10_000 * scale)),
    customers: Math.max(3, Math.round(150_000 * scale)),
    parts: Math.max(1, Math.round(200_000 * scale)),
    orders: Math.round(1_500_000 * scale),
  };
  const write = (table: TpchTable, lines: Iterable<string>) => writeLines(join(folder, `${table}.csv`), lines);
  await write("region", regions(makeRandom(1)));
  await write("nation", nations(makeRandom(2)));
  await write("supplier", suppliers(makeRandom(3), counts));
  await write("customer", customers(makeRandom(4), counts));
  await write("part", parts(makeRandom(5), counts));
  // From the same seed, so that the orders know their lines: their status and total price follow from these.
  await write("orders", ordersAndLines(makeRandom(6), counts, "orders"));
  await write("lineitem", ordersAndLines(makeRandom(6), counts, "lineitem"));
}

interface Counts {
  readonly suppliers: number;
  readonly customers: number;
  readonly parts: number;
  readonly orders: number;
}

function* regions(random: Random): Iterable<string> {
  yield "r_regionkey,r_name,r_comment";
  for (const [key, name] of domain.REGIONS.entries()) yield [key, name, comment(random)].join();
}

function* nations(random: Random): Iterable<string> {
  yield "n_nationkey,n_name,n_regionkey,n_comment";
  for (const [key, [name, region]] of domain.NATIONS.entries()) yield [key, name, region, comment(random)].join();
}

function* suppliers(random: Random, { suppliers }: Counts): Iterable<string> {
  yield "s_suppkey,s_name,s_address,s_nationkey,s_phone,s_acctbal,s_comment";
  for (let key = 1; key <= suppliers; key++) {
    const nation = random.below(domain.NATIONS.length);
    const head = [key, `Supplier#${nineDigits(key)}`, address(random), nation, phone(random, nation)];
    yield [...head, balance(random), comment(random)].join();
  }
}

function* customers(random: Random, { customers }: Counts): Iterable<string> {
  yield "c_custkey,c_name,c_address,c_nationkey,c_phone,c_acctbal,c_mktsegment,c_comment";
  for (let key = 1; key <= customers; key++) {
    const nation = random.below(domain.NATIONS.length);
    const head = [key, `Customer#${nineDigits(key)}`, address(random), nation, phone(random, nation)];
    yield [...head, balance(random), oneOf(random, domain.SEGMENTS), comment(random)].join();
  }
}

function* parts(random: Random, { parts }: Counts): Iterable<string> {
  yield "p_partkey,p_name,p_mfgr,p_brand,p_type,p_size,p_container,p_retailprice,p_comment";
  for (let key = 1; key <= parts; key++) {
    const maker = 1 + random.below(5);
    const name = Array.from({ length: 5 }, () => oneOf(random, domain.COLOURS)).join(" ");
    const type = domain.TYPES.map((syllables) => oneOf(random, syllables)).join(" ");
    const container = domain.CONTAINERS.map((syllables) => oneOf(random, syllables)).join(" ");
    const brand = `Brand#${maker}${1 + random.below(5)}`;
    const head = [key, name, `Manufacturer#${maker}`, brand, type, 1 + random.below(50), container];
    yield [...head, money(retailCents(key)), comment(random)].join();
  }
}

function* ordersAndLines(random: Random, counts: Counts, table: "orders" | "lineitem"): Iterable<string> {
  yield table === "orders"
    ? "o_orderkey,o_custkey,o_orderstatus,o_totalprice,o_orderdate,o_orderpriority,o_clerk,o_shippriority,o_comment"
    : "l_orderkey,l_partkey,l_suppkey,l_linenumber,l_quantity,l_extendedprice,l_discount,l_tax,l_returnflag,l_linestatus,l_shipdate,l_commitdate,l_receiptdate,l_shipinstruct,l_shipmode,l_comment";
  for (let i = 0; i < counts.orders; i++) {
    // Keys use 8 of each 32 numbers.
    const key = (i >> 3) * 32 + (i & 7) + 1;
    const day = START + random.below(ORDER_DAYS);
    const lines = Array.from({ length: 1 + random.below(7) }, (_, line) => makeLine(random, counts, key, line, day));
    // A third of the customers, those whose key divides by three, has no orders.
    const customer = random.below(counts.customers - Math.floor(counts.customers / 3));
    const head = [key, Math.floor(customer / 2) * 3 + (customer % 2) + 1, statusOf(lines)];
    const total = money(lines.reduce((sum, { cents }) => sum + cents, 0));
    const clerk = `Clerk#${nineDigits(1 + random.below(Math.max(1, Math.round(counts.orders / 1_500))))}`;
    const order = [...head, total, iso(day), oneOf(random, domain.PRIORITIES), clerk, 0, comment(random)].join();
    if (table === "orders") yield order;
    else for (const { text } of lines) yield text;
  }
}

interface Line {
  readonly text: string;
  readonly status: "F" | "O";
  /** With discount and tax. */
  readonly cents: number;
}

function makeLine(random: Random, { parts, suppliers }: Counts, order: number, line: number, day: number): Line {
  const part = 1 + random.below(parts);
  const quantity = 1 + random.below(50);
  const extended = quantity * retailCents(part);
  const [discount, tax] = [random.below(11), random.below(9)];
  const shipped = day + 1 + random.below(121);
  const committed = day + 30 + random.below(61);
  const received = shipped + 1 + random.below(30);
  const status = shipped > CURRENT ? "O" : "F";
  const flag = received > CURRENT ? "N" : oneOf(random, ["R", "A"]);
  const values = [quantity, money(extended), money(discount), money(tax), flag, status];
  const dates = [shipped, committed, received].map(iso);
  const ends = [oneOf(random, domain.INSTRUCTIONS), oneOf(random, domain.MODES), comment(random)];
  const text = [order, part, 1 + random.below(suppliers), line + 1, ...values, ...dates, ...ends].join();
  return { text, status, cents: Math.round((extended * (100 - discount) * (100 + tax)) / 10_000) };
}

function statusOf(lines: readonly Line[]): "F" | "O" | "P" {
  const open = lines.filter(({ status }) => status === "O").length;
  return open === 0 ? "F" : open === lines.length ? "O" : "P";
}

function retailCents(part: number): number {
  return 90_000 + (Math.floor(part / 10) % 20_001) + 100 * (part % 1_000);
}

function money(cents: number): string {
  const sign = cents < 0 ? "-" : "";
  const whole = Math.abs(cents);
  return `${sign}${Math.floor(whole / 100)}.${String(whole % 100).padStart(2, "0")}`;
}

const balance = (random: Random) => money(random.below(1_099_999) - 99_999);
const iso = (day: number) => new Date(day * DAY).toISOString().slice(0, 10);
const nineDigits = (n: number) => String(n).padStart(9, "0");

function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)];
}

function comment(random: Random): string {
  return Array.from({ length: 2 + random.below(4) }, () => oneOf(random, domain.WORDS)).join(" ");
}

function address(random: Random): string {
  return Array.from({ length: 10 + random.below(20) }, () => oneOf(random, domain.LETTERS)).join("");
}

function phone(random: Random, nation: number): string {
  const digits = () => String(100 + random.below(900));
  return `${10 + nation}-${digits()}-${digits()}-${String(1_000 + random.below(9_000))}`;
}
